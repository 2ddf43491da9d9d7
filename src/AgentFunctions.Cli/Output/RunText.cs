using System.Globalization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Records;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Output;

/// <summary>What is said of a run in words, wherever it is shown.</summary>
internal static class RunText
{
    public const string RehearsalNote =
        "REHEARSAL: a scripted model answers, no real one. Set OPENAI_API_KEY, AZURE_OPENAI_ENDPOINT or MOONSHOT_API_KEY for one.";

    public static IEnumerable<string> Heading(RunResource run, string how)
    {
        yield return $"{how}run {run.Id}: agent {JournalLine.OneLine(run.Agent)}, model {JournalLine.OneLine(run.Model)}";
        if (run.Rehearsal)
        {
            yield return RehearsalNote;
        }
    }

    public static IEnumerable<string> Summary(RunResource run)
    {
        yield return "";
        if (run.Result is { } result)
        {
            yield return Terminal.Lines(result.Text);
            if (result.Note is { } note)
            {
                yield return $"note: {Terminal.Lines(note)}";
            }

            yield return "";
            if (result.Artifacts.Count > 0)
            {
                yield return $"artifacts: {string.Join(", ", result.Artifacts.Select(name => JournalLine.OneLine(name)))}";
            }
        }

        if (run.Error is { } error)
        {
            yield return $"{error.Code}: {JournalLine.OneLine(error.Message, 500)}";
        }

        foreach (WaitingResource wait in run.Waits)
        {
            yield return WaitLine(wait);
        }

        if (run.Budget?.Forecast is { } forecast
            && ForecastLine(forecast, TimeProvider.System.GetUtcNow().UtcDateTime) is { } line)
        {
            yield return line;
        }

        string model = run.Rehearsal ? $"{run.Model} (scripted, no real model)" : run.Model;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{CamelCase.Of(run.Status)}: {run.Turns} turns, {run.Steps} steps, {Tokens(run)} tokens, {Elapsed(run)}, model {JournalLine.OneLine(model)}");
    }

    /// <summary>Says what a run waits for in the words of the API.</summary>
    public static string WaitName(string kind, string? id) => $"{JournalLine.OneLine(kind)} {JournalLine.OneLine(id)}".TrimEnd();

    public static string WaitLine(WaitingResource wait)
    {
        string? meaning = wait.Kind switch
        {
            "question" or "approval" => "a person",
            "modelUnavailable" => "the model could not be asked",
            "modelCapacity" => "the model's provider or a quota",
            "queue" => "runs before it",
            "resume" => "a person who resumes it",
            "stepRetry" => "a step failed and is tried again",
            _ => null,
        };
        string what = $"{WaitName(wait.Kind, wait.Id)}{(meaning is null ? "" : $" ({meaning})")}";
        string until = wait.Until is { } time
            ? string.Create(CultureInfo.InvariantCulture, $", until {time:yyyy-MM-dd HH:mm:ss} UTC")
            : "";
        string reminder = wait.RemindsAt is { } next
            ? string.Create(CultureInfo.InvariantCulture, $" (next reminder {next:yyyy-MM-dd HH:mm:ss} UTC)")
            : "";
        return $"waiting for {what}{until}{reminder}{(wait.Message is null ? "" : $": {JournalLine.OneLine(wait.Message, 500)}")}";
    }

    /// <summary>
    /// Says which part of the budget ends first, when and at what cost; <see langword="null"/> if nothing is forecast.
    /// </summary>
    /// <param name="forecast">The forecast.</param>
    /// <param name="now">The time (UTC).</param>
    public static string? ForecastLine(ForecastResource forecast, DateTime now)
    {
        if (forecast.At is not { } at)
        {
            return null;
        }

        string range = forecast.Low is { } low
            ? $" ({JournalLine.Elapsed(Left(low, now))} to {(forecast.High is { } high ? JournalLine.Elapsed(Left(high, now)) : "later")})"
            : "";
        string cost = forecast.UsdAtEnd is [var least, var most]
            ? string.Create(CultureInfo.InvariantCulture, $", having cost ${least:0.00} to ${most:0.00}")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"forecast: {forecast.First} end first, in {JournalLine.Elapsed(Left(at, now))}{range}{cost}, "
            + $"by the pace of the last {forecast.BasedOnTurns} turns");
    }

    private static TimeSpan Left(DateTime at, DateTime now) => at > now ? at - now : TimeSpan.Zero;

    public static bool ChangesPlan(JournalEvent e) =>
        e is { Type: JournalEventTypes.ToolCompleted, Tool: "update_plan", IsError: not true };

    public static string PlanLine(IReadOnlyList<PlanItem> plan)
    {
        string next = plan.FirstOrDefault(item => !item.Done)?.Text is { } text ? $", next: {JournalLine.OneLine(text)}" : "";
        return $"plan: {plan.Count(item => item.Done)} of {plan.Count} done{next}";
    }

    public static string Tokens(RunResource run) =>
        (run.Usage.InputTokens + run.Usage.OutputTokens).ToString("N0", CultureInfo.InvariantCulture);

    public static string Elapsed(RunResource run) => JournalLine.Elapsed((run.CompletedAt ?? run.UpdatedAt) - run.CreatedAt);
}
