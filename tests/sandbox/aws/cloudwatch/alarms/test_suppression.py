"""When a suppressed alarm speaks. Values only."""

from sandbox.aws.cloudwatch.alarms.suppression import Suppression


def suppressed() -> Suppression:
    return Suppression("page", wait=60, extension=120, told="OK")


def test_a_change_is_told_when_the_suppressor_stays_quiet_for_the_wait_period():
    one = suppressed()
    assert [one.look(at, "ALARM", rings=False) for at in (1000, 1059, 1060, 1100)] == [
        *(False, False, True, False),
    ]


def test_a_change_is_kept_back_while_the_suppressor_rings_and_told_an_extension_period_after():
    one = suppressed()
    assert not one.look(1000, "ALARM", rings=False)
    assert one.why == "WaitPeriod"
    assert not one.look(1030, "ALARM", rings=True)
    assert one.why == "Alarm"
    assert not one.look(5000, "ALARM", rings=True)
    assert not one.look(6000, "ALARM", rings=False)
    assert one.why == "ExtensionPeriod"
    assert not one.look(6119, "ALARM", rings=False)
    assert one.look(6120, "ALARM", rings=False)
    assert one.why == ""


def test_what_is_over_by_then_is_never_told():
    one = suppressed()
    for at, state, rings in (
        (1000, "ALARM", True),
        (2000, "OK", True),
        (2001, "OK", False),
        (2121, "OK", False),
    ):
        assert not one.look(at, state, rings)
    assert not one.look(9000, "OK", rings=False)


def test_it_says_when_it_has_to_be_looked_at_next():
    one = suppressed()
    assert one.due("OK", rings=False) is None
    assert one.due("ALARM", rings=False) == 0
    one.look(1000, "ALARM", rings=False)
    assert one.due("ALARM", rings=False) == 1060
    assert one.due("ALARM", rings=True) == 0
    one.look(1001, "ALARM", rings=True)
    assert one.due("ALARM", rings=True) is None
