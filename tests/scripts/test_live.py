"""Progress of a watched step as people see it: in place on a terminal, news elsewhere, all of it as JSON."""

import io
import json
import re
from dataclasses import asdict, replace

import pytest
from rich.console import Console

from bench.judge.streams import BLOCK, Change, counts, draw
from release.domain.policy import Policy
from release.domain.progress import Progress
from release.judge.judge import Block, Judge
from release.ports import Event, Phase
from scripts.shared.cli import Command, Out, execute
from scripts.shared.live import Watching, bar, outlook, picture, plain, wait_for

RATE, SHARE = 200.0, 25
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def recorded(change: Change, most: float = 300.0) -> list[Progress]:
    """What a runner tells while the judge judges simulated traffic, block by block."""
    run = draw(7, RATE, SHARE / 100, change, most)
    live, candidate = counts(run.live, run.lost_live), counts(run.candidate, run.lost_candidate)
    fold, found = Judge(Policy()), []
    for number in range(len(live)):
        fold.add(Block(candidate[number], live[number]))
        verdict = fold.verdict()
        found.append(
            Progress(
                step=2,
                steps=(0, 5, SHARE, 50, 100),
                share=SHARE,
                seconds_in_step=(number + 1) * BLOCK,
                least_seconds=120.0,
                most_seconds=14_400.0,
                rate=RATE,
                waits_for=verdict.because,
                verdict=verdict.record(),
            )
        )
    return found


@pytest.fixture(scope="module")
def good() -> list[Progress]:
    return recorded(Change())


@pytest.fixture(scope="module")
def bad() -> list[Progress]:
    return recorded(Change(errors=0.05), 60.0)


def first(width: int, progress: Progress) -> list[str]:
    """The lines of one picture on a terminal."""
    screen = io.StringIO()
    Console(file=screen, width=width, force_terminal=True).print(picture(progress, width))
    return ESCAPES.sub("", screen.getvalue()).splitlines()


def shown(
    progress: list[Progress], terminal: bool, as_json: bool = False
) -> tuple[str, list[str], list[str]]:
    """What the terminal got, what was said in lines, and what went to stdout."""
    screen, said, put = io.StringIO(), [], []
    console = Console(file=screen, width=80, height=24, force_terminal=terminal)
    watching = Watching(console, as_json, said.append, put.append)
    for one in progress:
        watching.show(one)
    watching.close()
    return screen.getvalue(), said, put


class TestThePicture:
    @pytest.mark.parametrize("width", [40, 80, 120])
    def test_no_line_is_wider_than_the_terminal(self, good, bad, width):
        for progress in (*good[::10], *bad):
            lines = first(width, progress)
            assert max(map(len, lines)) <= width
            assert len(lines) == 8

    def test_steps_that_are_done_that_is_now_and_that_come(self, good):
        assert first(80, good[0])[0].split("  ")[1:] == ["✓ 0 %", "✓ 5 %", "▸ 25 %", "· 50 %", "· alone", ""]

    def test_what_it_waits_for(self, good):
        (line,) = [line for line in first(120, good[30]) if line.startswith("  waits for ")]
        assert line.startswith("  waits for 270 s more of both variants")

    def test_numbers_where_there_is_room(self, good):
        assert "beside" in "".join(first(120, good[-1])[2:6])
        assert "beside" not in "".join(first(80, good[-1])[2:6])

    def test_long_names_are_cut(self, good):
        reasons = good[-1].verdict["reasons"]
        long = [{**reason, "metric": "m" * 200, "state": "within"} for reason in reasons]
        verdict = {**good[-1].verdict, "reasons": long}
        lines = first(80, replace(good[-1], verdict=verdict, waits_for="w" * 500))
        assert max(map(len, lines)) <= 80
        assert sum("…" in line for line in lines) == len(long) + 1

    def test_nothing_of_a_text_is_markup(self, good):
        assert "[red]x" in "\n".join(first(120, replace(good[-1], waits_for="[red]x")))

    def test_before_the_first_verdict(self, good):
        lines = first(80, replace(good[0], verdict=None, rate=0.0, waits_for="windows"))
        assert [line.strip() for line in lines[2:]] == ["waits for windows", ""]


class TestTheBar:
    @pytest.fixture
    def reason(self, good):
        return dict(good[-1].verdict["reasons"][0])

    @pytest.mark.parametrize(
        ("passes", "fails", "drawn"),
        [
            (0.0, -99.0, "PASS ██████████│·········· FAIL"),
            (-0.001, -99.0, "PASS ·█████████│·········· FAIL"),
            (-99.0, 0.0, "PASS ··········│██████████ FAIL"),
            (-3.5, -3.5, "PASS ·····█████│█████····· FAIL"),
            (None, None, "PASS ··········│·········· FAIL"),
        ],
    )
    def test_only_a_proof_fills_a_half(self, reason, passes, fails, drawn):
        assert bar({**reason, "pass_evidence": passes, "fail_evidence": fails}).plain == drawn

    def test_without_requests_it_is_empty(self, reason):
        assert "█" not in bar({**reason, "pass_evidence": 5.0, "requests": 0}).plain

    def test_of_a_candidate_that_failed(self, bad):
        failed = next(p for p in bad if p.verdict["decision"] == "FAIL")
        errors = failed.verdict["reasons"][0]
        assert "│██████████ FAIL" in bar(errors).plain


class TestHowLong:
    def test_by_the_candidates_part_of_the_traffic(self, good):
        reason = {**good[-1].verdict["reasons"][0], "needs": 500}
        assert wait_for(reason, good[-1]) == 500 / (RATE * SHARE / 100)
        assert wait_for(reason, replace(good[-1], rate=0.0)) is None
        assert wait_for({**reason, "needs": None}, good[-1]) is None

    def told(self, progress, *needs, **changes):
        reasons = [{"state": "undecided", "needs": n, "metric": "m", "requests": 9} for n in needs]
        return outlook(replace(progress, verdict={"reasons": reasons}, **changes))

    def test_the_slowest_metric_counts(self, good):
        assert self.told(good[-1], 500, 50_000) == "about 16 min 40 s more at this traffic"

    def test_the_least_time_of_a_step_counts_too(self, good):
        assert self.told(good[-1], 50, seconds_in_step=20.0) == "about 1 min 40 s more at this traffic"

    def test_when_it_would_be_taken_back_before_that(self, good):
        assert self.told(good[-1], 5_000_000).endswith("but it is taken back in 3 h 54 min")

    def test_a_metric_without_any_evidence_is_not_waited_for(self, good):
        reasons = [
            {"state": "undecided", "needs": 500, "metric": "errors", "requests": 9},
            {"state": "no evidence", "needs": None, "metric": "service", "requests": 0},
        ]
        told = outlook(replace(good[-1], verdict={"reasons": reasons}))
        assert told == "about 10 s more at this traffic"
        assert outlook(replace(good[-1], verdict={"reasons": reasons[1:]})) == ""

    @pytest.mark.parametrize(("rate", "words"), [(0.25, "0.25"), (61.4, "61.4"), (40_000.0, "40,000")])
    def test_the_traffic_in_words(self, good, rate, words):
        assert f"25 % for 5 s, {words} requests/s" in plain(replace(good[0], rate=rate))

    def test_nothing_is_promised_where_one_metric_cannot_tell(self, good):
        assert self.told(good[-1], 500, None) == ""
        assert outlook(replace(good[-1], verdict=None)) == ""


class TestWhereItIsShown:
    def test_in_place_and_without_clearing_the_screen(self, good):
        screen, said, put = shown(good[:20], terminal=True)
        assert (said, put) == ([], [])
        assert "\x1b[2J" not in screen
        assert screen.count("\x1b[?25l") == screen.count("\x1b[?25h") == 1
        # Each is drawn over the one before, line by line; the last one stays.
        lines = first(80, good[19])
        assert screen.count("\x1b[1A") == 20 * (len(lines) - 1)
        last = ESCAPES.sub("", screen.rsplit("\x1b[2K", 1)[1]).splitlines()
        assert [line.rstrip() for line in last] == [line.rstrip() for line in lines]

    def test_elsewhere_only_news_and_every_half_minute(self, good):
        screen, said, _ = shown(good, terminal=False)
        assert screen == ""
        assert "undecided: errors invalid latency" in "\n".join(said)
        quiet = [replace(good[40], seconds_in_step=float(s), rate=200.0 + s) for s in range(90)]
        _, said, _ = shown(quiet, terminal=False)
        assert [line.split(",")[0] for line in said] == [
            "25 % for 0 s",
            "25 % for 30 s",
            "25 % for 1 min 00 s",
        ]

    def test_a_new_step_is_news(self, good):
        _, said, _ = shown([good[40], replace(good[40], step=3, share=50)], terminal=False)
        assert [line.split(" for")[0] for line in said] == ["25 %", "50 %"]

    @pytest.mark.parametrize("terminal", [True, False])
    def test_as_json_each_verdict_once_and_the_news_in_plain_lines(self, good, terminal):
        judged = good[40:45]
        later = [replace(each, seconds_in_step=each.seconds_in_step + 1) for each in judged]
        looks = [look for both in zip(judged, later, strict=True) for look in both]
        screen, said, put = shown(looks, terminal, as_json=True)
        assert screen == ""
        assert said == shown(judged, terminal=False)[1]
        seconds = [json.loads(line)["progress"]["seconds_in_step"] for line in put]
        assert seconds == [each.seconds_in_step for each in judged]
        assert json.loads(put[0])["progress"] == json.loads(json.dumps(asdict(judged[0])))


class TestACommand:
    def command(self, good):
        def work(args, out: Out):
            out.tell(Event("moving", phase=Phase.MOVING))
            out.tell(Event("", detail=True, progress=good[0]))
            out.tell(Event("spoken by the runner", detail=True, progress=good[1]))
            out.tell(Event(""))
            out.result({"done": True}, "done")

        return Command("try", "Try something.", "./slipway try", work)

    def test_off_a_terminal(self, good, capsys):
        execute(self.command(good), [])
        out, err = capsys.readouterr()
        assert out == "done\n"
        assert err.splitlines() == ["▸ moving", f"  {plain(good[0])}"]

    def test_as_json_the_result_comes_last(self, good, capsys):
        execute(self.command(good), ["--json"])
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [list(line) for line in lines] == [["progress"], ["done"]]

    def test_help_says_so(self, good, capsys):
        with pytest.raises(SystemExit):
            execute(self.command(good), ["--help"])
        assert "{progress: ...}" in " ".join(capsys.readouterr().out.split())
