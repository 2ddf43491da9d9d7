using System.Globalization;
using AgentFunctions.Budgets;
using AgentFunctions.Records;

namespace AgentFunctions.Views;

/// <summary>Represents the progress of a run, computed from its events.</summary>
public sealed class RunProgress
{
    private readonly SortedDictionary<(int Turn, int Call), string> _calls = [];
    private readonly SortedDictionary<string, string> _approvals = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _questions = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Turn, int Call), string> _asked = [];
    private JournalEvent? _trouble;

    /// <summary>Gets or sets the turn at work, from 1; 0 before the first event.</summary>
    public int Turn { get; private set; }

    /// <summary>Gets or sets the model calls and tool calls that are over.</summary>
    public int Steps { get; private set; }

    /// <summary>Gets or sets what the model calls consumed.</summary>
    public TokenUsage Usage { get; private set; } = new();

    /// <summary>Gets or sets when the run was admitted (UTC); <see langword="null"/> before the first event.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>Gets or sets when the last event happened (UTC); <see langword="null"/> before the first one.</summary>
    public DateTimeOffset? LastAt { get; private set; }

    /// <summary>Gets or sets the final status, camel-cased; <see langword="null"/> until the run has ended.</summary>
    public string? Ended { get; private set; }

    /// <summary>Gets what is being done: what a person is asked, the trouble, the tools at work, or the model.</summary>
    public string CurrentStep => this switch
    {
        { Ended: { } status } => status,
        { StartedAt: null } => "waiting for the first step",
        { _questions.Count: > 0 } => $"waiting for {string.Join(", ", _questions.Select(static id => $"question {id}"))}",
        { _approvals.Count: > 0 } =>
            $"waiting for {string.Join(", ", _approvals.Select(static asked => $"approval {asked.Key} ({asked.Value})"))}",
        { _trouble: { } trouble } => string.Create(
            CultureInfo.InvariantCulture,
            $"failed {trouble.Attempt} time(s), tried again at {trouble.Until?.UtcDateTime:HH:mm:ss} UTC: {JournalLine.OneLine(trouble.Text)}"),
        { _calls.Count: > 0 } => string.Join(", ", _calls.Values),
        _ => "asking the model",
    };

    /// <summary>Applies the next event.</summary>
    /// <param name="journalEvent">The event.</param>
    public void Apply(JournalEvent journalEvent)
    {
        ArgumentNullException.ThrowIfNull(journalEvent);
        StartedAt ??= journalEvent.At;
        LastAt = journalEvent.At;
        Turn = Math.Max(Turn, journalEvent.Turn ?? 0);
        (int, int) call = (journalEvent.Turn ?? 0, journalEvent.Call ?? 0);
        _trouble = journalEvent.Type == JournalEventTypes.StepRetrying ? journalEvent : null;
        switch (journalEvent.Type)
        {
            case JournalEventTypes.ApprovalRequested when journalEvent.Approval is { } approval:
                _approvals[approval] = journalEvent.Tool ?? "a tool";
                _asked[call] = approval;
                break;
            case JournalEventTypes.QuestionAsked when journalEvent.Question is { } question:
                _questions.Add(question);
                break;
            case JournalEventTypes.QuestionAnswered or JournalEventTypes.QuestionDeclined or JournalEventTypes.QuestionExpired
                or JournalEventTypes.QuestionWithdrawn when journalEvent.Question is { } ended:
                _questions.Remove(ended);
                break;
            case JournalEventTypes.ApprovalDecided
                or JournalEventTypes.ApprovalWithdrawn when journalEvent.Approval is { } approval:
                _approvals.Remove(approval);
                break;
            case JournalEventTypes.ModelCompleted:
            case JournalEventTypes.ModelLost:
            case JournalEventTypes.ContextCompacted:
                Steps++;
                Usage = Usage.Plus(journalEvent.Usage ?? new TokenUsage());
                break;
            case JournalEventTypes.ToolStarted:
                _calls[call] = journalEvent.Tool ?? "a tool";
                break;
            case JournalEventTypes.ToolCompleted:
                Steps++;
                _calls.Remove(call);
                if (_asked.Remove(call, out string? over))
                {
                    _approvals.Remove(over);
                }

                break;
            case JournalEventTypes.RunEnded:
                _calls.Clear();
                _approvals.Clear();
                _questions.Clear();
                Ended = journalEvent.Code;
                break;
        }
    }
}
