using AgentFunctions.Budgets;
using AgentFunctions.Records;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.Views;

internal sealed class RunProgressTests
{
    private static readonly DateTimeOffset Start = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void Apply_EventsOfATurn_AddsUpStepsTokensAndToolsAtWork()
    {
        var progress = new RunProgress();
        Assert.That(progress.CurrentStep, Is.EqualTo("waiting for the first step"));

        progress.Apply(Event(JournalEventTypes.RunSubmitted));
        Assert.That(progress.CurrentStep, Is.EqualTo("asking the model"));

        progress.Apply(Event(JournalEventTypes.ModelCompleted, 1) with { Usage = new TokenUsage(100, 20) });
        progress.Apply(Event(JournalEventTypes.ToolStarted, 1, 0) with { Tool = "read_file" });
        progress.Apply(Event(JournalEventTypes.ToolStarted, 1, 1) with { Tool = "search_files" });
        // After a crash a start may be said again.
        progress.Apply(Event(JournalEventTypes.ToolStarted, 1, 1) with { Tool = "search_files" });
        Assert.That(progress.CurrentStep, Is.EqualTo("read_file, search_files"));

        progress.Apply(Event(JournalEventTypes.ToolCompleted, 1, 0));
        Assert.That(progress.CurrentStep, Is.EqualTo("search_files"));
        Assert.That((progress.Turn, progress.Steps, progress.Usage.InputTokens), Is.EqualTo((1, 2, 100L)));
    }

    [Test]
    public void Apply_APersonIsAsked_SaysSoUntilTheAnswer()
    {
        var progress = new RunProgress();
        progress.Apply(Event(JournalEventTypes.ModelCompleted, 1));
        progress.Apply(Event(JournalEventTypes.ApprovalRequested, 1, 0) with { Tool = "deploy", Approval = "a1" });
        progress.Apply(Event(JournalEventTypes.ApprovalRequested, 1, 1) with { Tool = "pay", Approval = "a2" });
        Assert.That(progress.CurrentStep, Is.EqualTo("waiting for approval a1 (deploy), approval a2 (pay)"));

        progress.Apply(Event(JournalEventTypes.ApprovalDecided, 1, 0) with { Tool = "deploy", Approval = "a1" });
        // One that nobody answered in time ends with its call.
        progress.Apply(Event(JournalEventTypes.ToolCompleted, 1, 1) with { Tool = "pay", IsError = true });
        Assert.That(progress.CurrentStep, Is.EqualTo("asking the model"));
    }

    [Test]
    public void Apply_AStepIsTriedAgain_SaysWhyAndWhenUntilTheNextEvent()
    {
        var progress = new RunProgress();
        progress.Apply(Event(JournalEventTypes.RunSubmitted));
        progress.Apply(Event(JournalEventTypes.StepRetrying,
            1) with
        { Text = "connection refused", Attempt = 2, Until = Start.AddSeconds(9) });
        Assert.That(progress.CurrentStep, Is.EqualTo("failed 2 time(s), tried again at 12:00:09 UTC: connection refused"));

        progress.Apply(Event(JournalEventTypes.ModelCompleted, 1));
        Assert.That(progress.CurrentStep, Is.EqualTo("asking the model"));
    }

    [Test]
    public void Apply_TheEnd_ShowsTheFinalStatus()
    {
        var progress = new RunProgress();
        progress.Apply(Event(JournalEventTypes.RunSubmitted));
        progress.Apply(Event(JournalEventTypes.ToolStarted, 1, 0) with { Tool = "read_file" });
        progress.Apply(Event(JournalEventTypes.RunEnded) with { Code = "cancelled" });
        Assert.That((progress.CurrentStep, progress.Ended), Is.EqualTo(("cancelled", "cancelled")));
    }

    private static JournalEvent Event(string type, int? turn = null, int? call = null) =>
        new(type, Start) { Turn = turn, Call = call };
}
