"""A p-value in words: never 0.000, which no test gives."""


def p_is(p: float | None) -> str:
    """ "p = 0.032", "p = 0.41" or "p < 0.001": two decimals from 0.10 up, three below; None is "no p-value".

    >>> p_is(0.0316), p_is(0.4139), p_is(0.00001)
    ('p = 0.032', 'p = 0.41', 'p < 0.001')
    """
    if p is None:
        return "no p-value"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"
