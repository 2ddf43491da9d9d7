using System.Globalization;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Output;

/// <summary>
/// Says why a run is where it is: what it waits for or ended with, what led there, who decided what, and what can be done.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="events">The last events of its journal.</param>
internal sealed class Explanation(RunResource run, IReadOnlyList<JournalEvent> events)
{
    /// <summary>How many events are looked at.</summary>
    public const int Events = 200;

    /// <summary>How many lines each part has.</summary>
    private const int Most = 8;

    /// <summary>The types of entries of the audit log that are about what people decided, beside those about rules.</summary>
    private static readonly HashSet<string> Decisions =
    [
        "approval.decided", "approval.expired", "question.answered", "question.declined", "question.expired", "run.commanded",
        "run.messageSent",
    ];

    /// <summary>Gets what the run asks people; <see langword="null"/> if this caller may not see that.</summary>
    public IReadOnlyList<QuestionResource>? Questions { get; init; }

    /// <summary>Gets the approvals that wait; <see langword="null"/> if this caller may not see them.</summary>
    public IReadOnlyList<ApprovalResource>? Approvals { get; init; }

    /// <summary>Gets the entries of the audit log; <see langword="null"/> if this caller may not see them.</summary>
    public IReadOnlyList<AuditEntry>? Audit { get; init; }

    /// <summary>Gets the explanation, line by line.</summary>
    public IEnumerable<string> Lines()
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"run {run.Id} is {CamelCase.Of(run.Status)}: turn {run.Turns}, agent {JournalLine.OneLine(run.Agent)}, {Spent()}");
        foreach (string line in Why())
        {
            yield return line;
        }

        foreach (string line in Part("what led there:",
            events.Where(IsNotable).TakeLast(Most).Select(e => JournalLine.Format(e, new DateTimeOffset(run.CreatedAt)))))
        {
            yield return line;
        }

        IEnumerable<string> decided = Audit is null ? ["(the audit log is for the role auditor)"]
            : Audit.Where(IsDecision).TakeLast(Most).Select(AuditStory.Tell);
        foreach (string line in Part("what rules and people decided:", decided))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Part(string heading, IEnumerable<string> lines)
    {
        string[] all = [.. lines.Select(static line => $"  {Terminal.Lines(line)}")];
        return all.Length == 0 ? [] : ["", heading, .. all];
    }

    /// <summary>
    /// An event that tells of trouble, of people, or of the way that the run took; the usual calls are no reason for anything.
    /// </summary>
    private static bool IsNotable(JournalEvent e) => e.IsError == true
        || e.Type is not (JournalEventTypes.ModelCompleted or JournalEventTypes.ToolStarted or JournalEventTypes.ToolCompleted);

    private static bool IsDecision(AuditEntry entry) => entry.Verdict is PolicyVerdict.Deny or PolicyVerdict.Ask
        || Decisions.Contains(entry.Type);

    private IEnumerable<string> Why()
    {
        if (run.CompletedAt is not null)
        {
            yield return run.Error is { } error ? $"because {error.Code}: {JournalLine.OneLine(error.Message, 500)}"
                : run.Status == RunStatus.Cancelled ? $"because it was cancelled: {JournalLine.OneLine(Cancellation, 500)}"
                : $"because the model answered: {JournalLine.OneLine(run.Result?.Text, 200)}";
            if (Remedy() is { } remedy)
            {
                yield return $"what to do: {remedy}";
            }

            yield break;
        }

        if (run.Waits.Count == 0)
        {
            JournalEvent? last = events.Count == 0 ? null : events[^1];
            yield return last?.Type == JournalEventTypes.ToolStarted
                ? $"because tool {JournalLine.OneLine(last.Tool)} has been at work since {last.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"
                : $"because the model is asked, since {(last?.At.UtcDateTime ?? run.CreatedAt):yyyy-MM-dd HH:mm:ss} UTC";
        }

        foreach (WaitingResource wait in run.Waits)
        {
            yield return $"because it is {RunText.WaitLine(wait)}";
            foreach (string line in Details(wait))
            {
                yield return $"  {Terminal.Lines(line)}";
            }
        }
    }

    private IEnumerable<string> Details(WaitingResource wait)
    {
        if (Questions?.FirstOrDefault(question => question.Id == wait.Id) is { } asked)
        {
            yield return $"it asks {string.Join(", ", asked.Roles)}: {JournalLine.OneLine(asked.Question, 500)}";
        }

        if (Approvals?.FirstOrDefault(approval => approval.Id == wait.Id) is { } approval)
        {
            string reason = approval.Reason is { } why ? $" ({JournalLine.OneLine(why)})" : "";
            yield return $"rule '{JournalLine.OneLine(approval.Rule)}'{reason} wants {approval.Needed} of {string.Join(", ", approval.Roles)} to decide about "
                + $"{JournalLine.OneLine(approval.Tool)}; {approval.Approved} approved";
        }

        if (wait.Failures is { } failures)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"it failed {failures} time(s) in a row");
        }

        yield return "what to do: " + wait.Kind switch
        {
            "question" => $"agentfunctions answer {wait.Id}",
            "approval" => $"agentfunctions approve {wait.Id}, or deny {wait.Id}",
            "modelUnavailable" => $"agentfunctions doctor checks the models; {StandIns()}",
            "modelCapacity" when wait.Code == nameof(ErrorCode.QuotaExceeded) => "nothing: it goes on by itself",
            "modelCapacity" => $"nothing: it goes on by itself; {StandIns()}",
            "queue" => "nothing: it starts when runs before it end; a higher priority or larger bounds of the gateway start it sooner",
            "resume" => $"agentfunctions resume {run.Id}",
            "subAgents" => $"agentfunctions watch {run.Id} shows the sub-agents",
            "reviewCapacity" => "agentfunctions reviews lists the changes that wait for a review",
            _ => "nothing: it goes on by itself",
        };
    }

    /// <summary>What becomes of the run while its model gives no answers.</summary>
    private string StandIns()
    {
        string setting = $"Models:{JournalLine.OneLine(run.Model)}:Fallback";
        if (run.Fallback is not { } fallback)
        {
            return $"{setting} has another model answer meanwhile";
        }

        string names = string.Join(" and ", fallback.Select(static name => $"'{JournalLine.OneLine(name)}'"));
        string are = fallback.Count == 1 ? "is" : "are";
        return $"{names} of {setting} {are} tried too: the run goes on with the first that answers";
    }

    private string? Cancellation => events.LastOrDefault(static e => e.Type == JournalEventTypes.RunCancelRequested)?.Text;

    private string? Remedy() => run.Error?.Code switch
    {
        "turnLimitReached" => "raise maxTurns of the agent, or leave it out so that the budget is the limit, and submit again",
        "tokenLimitReached" or "stepLimitReached" or "spendLimitReached" or "timeLimitReached" =>
            $"grant more: agentfunctions grant {run.Id}; the run goes on where it stood",
        "modelUnauthorized" or "modelUnavailable" or "modelNotFound" or "modelKeyMissing" or "modelProtocolError" =>
            $"agentfunctions doctor checks the models; then agentfunctions resume {run.Id}",
        _ when Cancellation?.StartsWith("Stopped by ", StringComparison.Ordinal) == true =>
            "nothing that the kill switch names starts before agentfunctions kill SCOPE NAME --release; then submit it again",
        _ when run.Status == RunStatus.Failed => $"mend what is named, then agentfunctions resume {run.Id}",
        _ => null,
    };

    private string Spent()
    {
        string usd = run.Usage.Usd > 0 ? string.Create(CultureInfo.InvariantCulture, $", ${run.Usage.Usd:0.####}") : "";
        string others = run.UsageOfOthers is { } models
            ? string.Create(
                CultureInfo.InvariantCulture,
                $" (of that {string.Join(", ", models.Select(static one => string.Create(CultureInfo.InvariantCulture, $"{JournalLine.OneLine(one.Key)}: {one.Value.InputTokens + one.Value.OutputTokens:N0} tokens, ${one.Value.Usd:0.####}")))})")
            : "";
        return $"{RunText.Tokens(run)} tokens{usd}{others}";
    }
}
