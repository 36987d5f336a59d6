"""The conformance suite: what AWS's documentation says, as small tests by boto3 against a real sandbox.

One file per service or topic. A test is one behaviour: `@behaviour(service, page)` names where it is
documented, and the docstring's first line states it in one sentence, as it stands in the table:

    @behaviour("SageMaker", "CreateModel")
    def test_a_model_name_is_taken_once(world: World) -> None:
        '''A model name that is taken is refused with ValidationException.'''

`page` is an action of the service's API reference (`CreateModel`) or a whole https:// address of another
page of AWS's documentation. What the sandbox does not do is a behaviour too: `@behaviour(..., covered=False)`
on a test of what happens instead, a clear NotImplemented for the most part.

The fixtures `sandbox` and `world` live as long as one file. `python -m tests.sandbox.conformance.table`
writes docs/sandbox-conformance.md anew; a unit test sees that it is current. Services and the addresses of
their references are in `convention.REFERENCES`.
"""
