using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Budgets;
using AgentFunctions.Records;

namespace AgentFunctions.Runs;

/// <summary>Specifies the status of a run.</summary>
public enum RunStatus
{
    /// <summary>The run was admitted; no turn has begun.</summary>
    Queued,

    /// <summary>The run is in progress.</summary>
    Running,

    /// <summary>The run waits for something other than a step; see <see cref="Run.WaitingFor"/>.</summary>
    Waiting,

    /// <summary>The run was paused by a person.</summary>
    Paused,

    /// <summary>The run ended with an answer.</summary>
    Completed,

    /// <summary>Ended by an error.</summary>
    Failed,

    /// <summary>The run was cancelled.</summary>
    Cancelled,

    /// <summary>The run reached one of its limits.</summary>
    BudgetExhausted,
}

/// <summary>Represents a run.</summary>
public sealed record Run
{
    /// <summary>Gets the id.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the agent's name.</summary>
    public required string Agent { get; init; }

    /// <summary>Gets the model's name; the rehearsal model is called <c>rehearsal</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Gets what is to be reached.</summary>
    public required string Goal { get; init; }

    /// <summary>Gets when the goal counts as reached.</summary>
    public RunAcceptance? Acceptance { get; init; }

    /// <summary>Gets where it stands.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Gets what it waits for, when <see cref="Status"/> is <see cref="RunStatus.Waiting"/>.</summary>
    public RunWaiting? WaitingFor { get; init; }

    /// <summary>Gets all that it waits for, <see cref="WaitingFor"/> first; empty if it waits for nothing.</summary>
    public IReadOnlyList<RunWaiting> Waits { get; init; } = [];

    /// <summary>Gets the run that started this one as a sub-agent.</summary>
    public string? Parent { get; init; }

    /// <summary>Gets where it was forked from; <see langword="null"/> for a run of its own.</summary>
    public ForkOrigin? ForkedFrom { get; init; }

    /// <summary>Gets who asked for it.</summary>
    public string Requester { get; init; } = "";

    /// <summary>Gets labels by name.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets how urgent it is.</summary>
    public RunPriority Priority { get; init; }

    /// <summary>Gets further input for the agent.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Gets when it was admitted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Gets when its last step was recorded (UTC).</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Gets when it ended (UTC).</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Gets the turns that are over.</summary>
    public int Turns { get; init; }

    /// <summary>Gets the model calls and tool calls that are over.</summary>
    public int Steps { get; init; }

    /// <summary>Gets the longest chain of steps, which wall-clock time follows.</summary>
    public int CriticalSteps { get; init; }

    /// <summary>Gets what the model calls consumed.</summary>
    public TokenUsage Usage { get; init; } = new();

    /// <summary>
    /// Gets what other models than the run's own consumed, by name; part of <see cref="Usage"/>: those that answered in its
    /// place, and those of sub-agents that have ended.
    /// </summary>
    public IReadOnlyDictionary<string, TokenUsage> UsageOfOthers { get; init; } = new Dictionary<string, TokenUsage>();

    /// <summary>Gets the run's sub-agents, and theirs as far as they have reported.</summary>
    public RunSubAgents SubAgents { get; init; } = new(0, 0);

    /// <summary>
    /// Gets what the run was granted and what is left of it; a part that is <see langword="null"/> is not limited.
    /// </summary>
    public RunBudget? Budget { get; init; }

    /// <summary>Gets the agent's plan; empty where it has none.</summary>
    public IReadOnlyList<PlanItem> Plan { get; init; } = [];

    /// <summary>Gets the answer, for a run that ended with one or with a part of one.</summary>
    public RunResult? Result { get; init; }

    /// <summary>Gets what went wrong or stopped it short.</summary>
    public RunError? Error { get; init; }

    /// <summary>
    /// Gets how long it is kept after its end, as the rules said when it was admitted; empty for ever. Rules that say more now
    /// win. Only where one run is asked for.
    /// </summary>
    public IReadOnlyList<RetentionTerm> Retention { get; init; } = [];

    /// <summary>
    /// Gets when its messages, arguments, results and files were erased by retention (UTC); <see langword="null"/> if they were
    /// not.
    /// </summary>
    public DateTimeOffset? ContentErasedAt { get; init; }

    /// <summary>
    /// Gets until when it is kept at least (UTC); <see langword="null"/> for ever, and as long as it has not ended.
    /// </summary>
    public DateTimeOffset? KeptUntil =>
        CompletedAt + Retention.FirstOrDefault(term => term.Status is null || term.Status == Status)?.All;

    /// <summary>A run as its record says; where it stands is still to be told.</summary>
    internal static Run Of(RunRecord record) => new()
    {
        Id = record.Id,
        Agent = record.Agent,
        Model = record.Model,
        Goal = record.Goal,
        Acceptance = record.Acceptance,
        Input = record.Input,
        Requester = record.Requester,
        Labels = record.Labels,
        Priority = record.Priority,
        Parent = record.Parent,
        ForkedFrom = record.OwnOrigin,
        Retention = record.Retention ?? [],
        Status = RunStatus.Queued,
        CreatedAt = record.CreatedAt,
        UpdatedAt = record.CreatedAt,
    };

    /// <summary>Gets whether the run has ended.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsEnded => Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled or RunStatus.BudgetExhausted;
}

/// <summary>Represents the numbers of a run's sub-agents.</summary>
/// <param name="Total">Those that were started.</param>
/// <param name="Running">Those of the run itself that are at work.</param>
public sealed record RunSubAgents(int Total, int Running)
{
    /// <summary>The run's longest chain of steps when it asked for those that are at work.</summary>
    internal int AskedAt { get; init; }
}

/// <summary>Represents what a run waits for.</summary>
/// <param name="Kind">The kind, for instance <c>modelCapacity</c>.</param>
/// <param name="Id">The id of what it waits for, where it has one.</param>
/// <param name="Until">Until when, where that is known (UTC): the deadline, or the time of the next attempt.</param>
public sealed record RunWaiting(string Kind, string? Id = null, DateTimeOffset? Until = null)
{
    /// <summary>The kind of a run whose model cannot be asked.</summary>
    internal const string ModelUnavailable = "modelUnavailable";

    /// <summary>The kind of a run that waits for its model's provider, or for a quota.</summary>
    internal const string ModelCapacity = "modelCapacity";

    /// <summary>
    /// The kind of a run whose caller is to execute a call; <see cref="Id"/> is the call's key, <c>run/turn/call</c>.
    /// </summary>
    public const string Caller = "caller";

    /// <summary>The kind of a run that is paused.</summary>
    internal const string Resume = "resume";

    /// <summary>The kind of a run that waits for its place among those at work.</summary>
    internal const string Queue = "queue";

    /// <summary>Gets why, in words; <see langword="null"/> if the kind says it all.</summary>
    public string? Message { get; init; }

    /// <summary>Gets how often the step failed in a row; <see langword="null"/> if it waits for another reason.</summary>
    public int? Failures { get; init; }

    /// <summary>Gets the stable code of the failure; <see langword="null"/> if it has none.</summary>
    public string? Code { get; init; }

    /// <summary>Gets when the person is reminded next (UTC); <see langword="null"/> if that is not before the deadline.</summary>
    public DateTimeOffset? RemindsAt { get; init; }
}

/// <summary>Represents the result of a run.</summary>
/// <param name="Text">The agent's last words.</param>
/// <param name="Artifacts">The names of the files that the run produced.</param>
public sealed record RunResult(string Text, IReadOnlyList<string> Artifacts)
{
    /// <summary>Gets why the model stopped; <c>length</c> if the text was cut at the model's limit of output tokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? FinishReason { get; init; }

    /// <summary>Gets what must be known of the text; <see langword="null"/> if it is whole.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }

    /// <summary>Gets the note for a text that ended for a reason.</summary>
    /// <param name="finishReason">The reason.</param>
    internal static string? NoteFor(string? finishReason) => finishReason == "length"
        ? "The answer was cut off at the model's limit of output tokens: it is not whole. Raise MaxOutputTokens, or ask for less at once."
        : null;
}

/// <summary>Represents the error of a run.</summary>
/// <param name="Code">The stable code.</param>
/// <param name="Message">In words.</param>
public sealed record RunError(string Code, string Message);

/// <summary>Represents the budget of a run: granted, spent and left.</summary>
/// <param name="Granted">What may be spent in all.</param>
/// <param name="Spent">What was spent.</param>
/// <param name="Left">What is left of the limited parts.</param>
public sealed record RunBudget(Budget Granted, Budget Spent, Budget Left)
{
    /// <summary>Adds up what was spent and what is left of the limited parts.</summary>
    internal static RunBudget Of(Budget granted, int steps, TokenUsage usage, TimeSpan wallClock, int subAgents)
    {
        var spent = new Budget
        {
            Steps = steps,
            Tokens = usage.InputTokens + usage.OutputTokens,
            Usd = usage.Usd,
            WallClock = wallClock,
            SubAgents = subAgents,
        };
        var left = new Budget
        {
            Steps = granted.Steps - spent.Steps,
            Tokens = granted.Tokens - spent.Tokens,
            Usd = granted.Usd - spent.Usd,
            WallClock = granted.WallClock - spent.WallClock,
            SubAgents = granted.SubAgents - spent.SubAgents,
        };
        return new RunBudget(granted, spent, left);
    }
}
