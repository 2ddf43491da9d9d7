using System.Globalization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Output;

/// <summary>All runs of a server in a few lines: how many, what waits for people, what each does.</summary>
internal static class OverviewText
{
    /// <summary>Gets how many runs there are in which state, and what waits for whoever looks.</summary>
    public static IEnumerable<string> Heading(RunCountsResource counts, InboxResource inbox)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"runs: {counts.Running} running, {counts.Waiting} waiting, {counts.Queued} queued, {counts.Paused} paused, {counts.Failed} failed, {counts.Ended} ended");
        string[] waits =
        [
            .. Of(inbox.Approvals, "approval", "approvals"), .. Of(inbox.Questions, "question", "questions"),
            .. Of(inbox.Reviews, "change to review", "changes to review"), .. Of(inbox.Incidents, "incident", "incidents"),
        ];
        yield return waits.Length == 0 ? "nothing waits for you" : $"waits for you: {string.Join(", ", waits)}";
    }

    /// <summary>Gets a run in one line.</summary>
    /// <param name="run">The run.</param>
    /// <param name="now">The time (UTC), for how long it has been there.</param>
    public static string Line(RunRowResource run, DateTime now)
    {
        string age = JournalLine.Elapsed((run.Error is null && run.Waits is null && run.Now is null
            ? run.UpdatedAt
            : now) - run.CreatedAt);
        string what = run.Error is { } error ? error
            : run.Waits is [var wait, ..] ? $"waiting for {RunText.WaitName(wait.Kind, wait.Id)}"
            : run.Now ?? run.Goal;
        return Terminal.Lines(
            $"{run.Id}  {CamelCase.Of(run.Status),-15}  turn {run.Turn,4}  {run.Steps,6} steps  {age,9}  {run.Agent}: {JournalLine.OneLine(what, 80)}");
    }

    private static IEnumerable<string> Of(int count, string one, string many) => count == 0
        ? []
        : [$"{count} {(count == 1 ? one : many)}"];
}
