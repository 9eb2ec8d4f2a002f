"""What methods on patrol days share: area-days ready to compare, the schedule drawn again, and what is told of them."""
