"""The little grammar that sentences around data need."""


def with_article(words: str) -> str:
    """Words with the article that they take, by their first letter: "a promote", "an apply"."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def begun_with_article(words: str) -> str:
    """The same at the beginning of a sentence: "A promote", "An apply"."""
    return with_article(words).replace("a", "A", 1)
