using AgentFunctions.Budgets;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.Views;

/// <summary>What a run's own last turns foretell of its end, and what took its time.</summary>
internal sealed class RunForecastTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 6, 12, 0, 0, TimeSpan.Zero);

    [TestCase(0)]
    [TestCase(4)]
    public void Forecast_OfFewTurns_IsUnknown(int turns)
    {
        RunForecast forecast = Of(new Budget { Tokens = 100_000 }, Turns(turns));
        Assert.That((forecast.First, forecast.BasedOnTurns, forecast.At), Is.EqualTo(("unknown", turns, (DateTimeOffset?)null)));
    }

    [Test]
    public void Forecast_AtAnEvenPace_NamesThePartThatEndsFirst()
    {
        RunForecast forecast = Of(new Budget { Tokens = 20_000, Steps = 1_000, WallClock = TimeSpan.FromDays(1) }, Turns(20));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(forecast.First, Is.EqualTo("tokens"));
            Assert.That(forecast.BasedOnTurns, Is.EqualTo(20));
            // 20,000 tokens at 1,000 a turn and a turn each minute.
            Assert.That(forecast.At, Is.EqualTo(Now.AddMinutes(20)));
            Assert.That(forecast.Low, Is.EqualTo(forecast.At));
            Assert.That(forecast.High, Is.EqualTo(forecast.At));
            Assert.That(forecast.UsdAtEnd, Is.EqualTo(new[] { 3.0m, 3.0m }));
        }
    }

    [Test]
    public void Forecast_AtAnUnevenPace_IsARange()
    {
        JournalEvent[] turns = [.. Turns(20)
            .Select(static (turn, number) => turn with { Usage = new TokenUsage(500 * (1 + (number % 4)), 0, 0, 0.1m) })];
        RunForecast forecast = Of(new Budget { Tokens = 20_000 }, turns);

        Assert.That(forecast.Low, Is.LessThan(forecast.At!.Value));
        Assert.That(forecast.High, Is.GreaterThan(forecast.At!.Value));
    }

    [Test]
    public void Forecast_WithoutLimitsInSight_NamesNone()
    {
        Assert.That(Of(new Budget(), Turns(20)).First, Is.EqualTo("none"));
        Assert.That(Of(new Budget { Tokens = long.MaxValue / 4 }, Turns(20)).First, Is.EqualTo("none"));
    }

    [Test]
    public void Forecast_OfWhatIsSpent_IsNow() => Assert.That(Of(new Budget { Tokens = -5 }, Turns(20)).At, Is.EqualTo(Now));

    [Test]
    public void Timeline_OfARun_AddsUpToItsTime()
    {
        RunTimeline timeline = RunSpans.Of(
        [
            new JournalEvent(JournalEventTypes.RunSubmitted, Now),
            Model(1, 60, 50),
            new JournalEvent(JournalEventTypes.ApprovalRequested,
                Now.AddSeconds(60)) { Turn = 1, Call = 0, Tool = "deploy", Approval = "a" },
            new JournalEvent(JournalEventTypes.ApprovalDecided, Now.AddSeconds(100)) { Turn = 1, Call = 0, Approval = "a" },
            new JournalEvent(JournalEventTypes.ToolStarted, Now.AddSeconds(100)) { Turn = 1, Call = 0, Tool = "deploy" },
            new JournalEvent(JournalEventTypes.ToolStarted, Now.AddSeconds(100)) { Turn = 1, Call = 1, Tool = "look" },
            new JournalEvent(JournalEventTypes.ToolCompleted, Now.AddSeconds(110)) { Turn = 1, Call = 1, Tool = "look" },
            new JournalEvent(JournalEventTypes.ToolCompleted,
                Now.AddSeconds(130)) { Turn = 1, Call = 0, Tool = "deploy", IsError = true },
            Model(2, 150, 20),
            new JournalEvent(JournalEventTypes.RunEnded, Now.AddSeconds(150)),
        ], Now.AddDays(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(timeline.End, Is.EqualTo(Now.AddSeconds(150)));
            Assert.That(timeline.Parts[RunSpan.Model].TotalSeconds, Is.EqualTo(70));
            Assert.That(timeline.Parts[RunSpan.Tool].TotalSeconds, Is.EqualTo(30));
            Assert.That(timeline.Parts[RunSpan.Person].TotalSeconds, Is.EqualTo(40));
            Assert.That(timeline.CriticalPath.Select(static span => $"{span.Kind} {span.Name}"), Is.EqualTo(new[]
            {
                "model kimi", "person deploy", "tool deploy", "model kimi",
            }));
            Assert.That(timeline.Spans.Single(static span => span is { Kind: RunSpan.Tool, Name: "deploy" }).IsError, Is.True);
        }
    }

    [Test]
    public void Timeline_CallWaitsForPeople_IsTheirTime()
    {
        RunTimeline timeline = RunSpans.Of(
        [
            new JournalEvent(JournalEventTypes.RunSubmitted, Now),
            new JournalEvent(JournalEventTypes.ToolStarted, Now) { Turn = 1, Call = 0, Tool = "ask_person" },
            new JournalEvent(JournalEventTypes.QuestionAsked, Now.AddSeconds(1)) { Turn = 1, Call = 0, Question = "q" },
            new JournalEvent(JournalEventTypes.QuestionAnswered, Now.AddSeconds(61)) { Turn = 1, Call = 0, Question = "q" },
            new JournalEvent(JournalEventTypes.ToolCompleted, Now.AddSeconds(63)) { Turn = 1, Call = 0, Tool = "ask_person" },
            new JournalEvent(JournalEventTypes.ApprovalRequested,
                Now.AddSeconds(70)) { Turn = 2, Call = 0, Tool = "deploy", Approval = "two" },
            new JournalEvent(JournalEventTypes.ApprovalDecided, Now.AddSeconds(75)) { Turn = 2, Call = 0, Approval = "two" },
            new JournalEvent(JournalEventTypes.ApprovalDecided, Now.AddSeconds(90)) { Turn = 2, Call = 0, Approval = "two" },
            new JournalEvent(JournalEventTypes.ToolStarted, Now.AddSeconds(90)) { Turn = 2, Call = 0, Tool = "deploy" },
            new JournalEvent(JournalEventTypes.ToolCompleted, Now.AddSeconds(95)) { Turn = 2, Call = 0, Tool = "deploy" },
            new JournalEvent(JournalEventTypes.ApprovalRequested,
                Now.AddSeconds(100)) { Turn = 3, Call = 0, Tool = "pay", Approval = "expires" },
            new JournalEvent(JournalEventTypes.ToolCompleted,
                Now.AddSeconds(110)) { Turn = 3, Call = 0, Tool = "pay", IsError = true },
            new JournalEvent(JournalEventTypes.RunEnded, Now.AddSeconds(110)),
        ], Now.AddDays(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(timeline.Parts[RunSpan.Person].TotalSeconds, Is.EqualTo(60 + 20 + 10));
            Assert.That(timeline.Parts[RunSpan.Tool].TotalSeconds, Is.EqualTo(1 + 2 + 5));
            Assert.That(timeline.CriticalPath.Select(static span => $"{span.Kind} {span.Name}"), Is.EqualTo(new[]
            {
                "tool ask_person", "person question", "tool ask_person", "person deploy", "tool deploy", "person pay",
            }));
            Assert.That(timeline.Spans.Select(static span => span.IsOver), Is.All.True);
        }
    }

    [Test]
    public void Timeline_OfALiveRun_EndsNow()
    {
        RunTimeline timeline = RunSpans.Of(
            [new JournalEvent(JournalEventTypes.RunSubmitted, Now),
                new JournalEvent(JournalEventTypes.ToolStarted, Now) { Turn = 1, Call = 0, Tool = "look" }],
            Now.AddSeconds(30));

        Assert.That(timeline.Spans.Single(),
            Is.EqualTo(new RunSpan(RunSpan.Tool, 1, 0, "look", Now, Now.AddSeconds(30), false, false)));
        Assert.That(RunSpans.Of([], Now).Spans, Is.Empty);
    }

    private static JournalEvent Model(int turn, int atSeconds, int tookSeconds) =>
        new(JournalEventTypes.ModelCompleted, Now.AddSeconds(atSeconds))
        {
            Turn = turn,
            Model = "kimi",
            DurationMs = 1_000 * tookSeconds,
        };

    private static JournalEvent[] Turns(int count) =>
    [
        .. Enumerable.Range(0, count)
            .Select(static number => new JournalEvent(JournalEventTypes.ModelCompleted, Now.AddMinutes(number))
        {
            Usage = new TokenUsage(900, 100, 0, 0.1m),
        }),
    ];

    private static RunForecast Of(Budget left, JournalEvent[] turns)
    {
        var run = new Run
        {
            Id = "r",
            Agent = "a",
            Model = "m",
            Goal = "g",
            Status = RunStatus.Running,
            CreatedAt = Now,
            UpdatedAt = Now,
            Turns = 20,
            Steps = 40,
        };
        return RunForecasts.Of(run, new RunBudget(new Budget(), new Budget { Usd = 1 }, left), turns, Now);
    }
}
