"""The one exception of the core: something a person can fix, said in two lines."""


class SpecError(Exception):
    """A question that cannot be answered as written.

    ``key`` names the place in the study file (``outcome.metric``), ``problem`` says what is
    wrong there, ``fix`` what to write instead. None of them ever carries a person's values.
    """

    def __init__(self, key: str, problem: str, fix: str) -> None:
        super().__init__(f"{key}: {problem}. {fix}")
        self.key = key
        self.problem = problem
        self.fix = fix
