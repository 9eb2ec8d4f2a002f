"""A p-value in words: never 0.000, which no test gives."""


def p_words(p: float) -> str:
    """ "0.032", "0.41" or "less than 0.001": two decimals from 0.10 up, three below.

    >>> p_words(0.0316), p_words(0.4139), p_words(0.00001)
    ('0.032', '0.41', 'less than 0.001')
    """
    if p < 0.001:
        return "less than 0.001"
    return f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def p_is(p: float | None) -> str:
    """The same with its sign: "p = 0.032", "p < 0.001"; None is "no p-value"."""
    if p is None:
        return "no p-value"
    return "p < 0.001" if p < 0.001 else f"p = {p_words(p)}"
