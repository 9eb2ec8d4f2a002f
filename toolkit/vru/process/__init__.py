"""The process round an evaluation: templates with practice data, scoping, what is late, the pack that a reviewer reads."""
