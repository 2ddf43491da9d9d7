using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Budgets;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A run.</summary>
internal sealed record RunResource
{
    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The agent's name.</summary>
    public required string Agent { get; init; }

    /// <summary>What is to be reached.</summary>
    public required string Goal { get; init; }

    /// <summary>When the goal counts as reached.</summary>
    public required RunAcceptance? Acceptance { get; init; }

    /// <summary>Where it stands.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<RunStatus>))]
    public required RunStatus Status { get; init; }

    /// <summary>What it waits for, while its status is <c>waiting</c>.</summary>
    public required WaitingResource? WaitingFor { get; init; }

    /// <summary>All that it waits for, <c>waitingFor</c> first; empty if it waits for nothing.</summary>
    public IReadOnlyList<WaitingResource> Waits { get; init; } = [];

    /// <summary>Who asked for it.</summary>
    public string Requester { get; init; } = "";

    /// <summary>The root of its tree: itself, if it is no sub-agent.</summary>
    public string Root { get; init; } = "";

    /// <summary>The run that started this one as a sub-agent.</summary>
    public required string? Parent { get; init; }

    /// <summary>Where it was forked from; null for a run of its own.</summary>
    public required ForkOrigin? ForkedFrom { get; init; }

    /// <summary>When it was admitted (UTC).</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When its last step was recorded (UTC).</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public required DateTime? CompletedAt { get; init; }

    /// <summary>
    /// Until when it is kept at least, as the rules said when it was admitted (UTC); null for ever, and while it has not ended.
    /// Only in the answer of one run.
    /// </summary>
    public DateTime? KeptUntil { get; init; }

    /// <summary>When its messages, arguments, results and files were erased by retention (UTC); null if they were not.</summary>
    public DateTime? ContentErasedAt { get; init; }

    /// <summary>The hash of the policy that decides about its calls now. Only in the answer of one run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PolicyHash { get; init; }

    /// <summary>The names of the legal holds that keep it. Only in the answer of one run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Holds { get; init; }

    /// <summary>
    /// A number that grows with each change that lists know of, as in their rows. Only in the answer of one run.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Rev { get; init; }

    /// <summary>The name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// The models that answer in its place while it gives no answers, the first choice first. Only in the answer of one run.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Fallback { get; init; }

    /// <summary>Whether the model is the scripted rehearsal model: no real one has spoken.</summary>
    public required bool Rehearsal { get; init; }

    /// <summary>Labels by name.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>How urgent it is.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<RunPriority>))]
    public required RunPriority Priority { get; init; }

    /// <summary>Further input for the agent.</summary>
    public required JsonElement? Input { get; init; }

    /// <summary>The turns that are over: one model call and the tool calls that it asked for.</summary>
    public required int Turns { get; init; }

    /// <summary>The model calls and tool calls that are over.</summary>
    public required int Steps { get; init; }

    /// <summary>The longest chain of steps, which wall-clock time follows.</summary>
    public required int CriticalSteps { get; init; }

    /// <summary>What the model calls consumed.</summary>
    public required TokenUsage Usage { get; init; }

    /// <summary>
    /// The part of it that other models than the run's own consumed, by name: in its place, and for sub-agents; null if none did.
    /// </summary>
    public IReadOnlyDictionary<string, TokenUsage>? UsageOfOthers { get; init; }

    /// <summary>Its sub-agents.</summary>
    public required RunSubAgents SubAgents { get; init; }

    /// <summary>What the run may spend, what it spent and what is left; null before its first turn.</summary>
    public required RunBudgetResource? Budget { get; init; }

    /// <summary>The agent's plan; left out of lists.</summary>
    public required IReadOnlyList<PlanItem> Plan { get; init; }

    /// <summary>The answer, once the run has ended; left out of lists.</summary>
    public required RunResult? Result { get; init; }

    /// <summary>What went wrong or stopped it short.</summary>
    public required ErrorResource? Error { get; init; }

    /// <summary>Where to go on.</summary>
    public required LinksResource Links { get; init; }
}

/// <summary>What a run waits for.</summary>
/// <param name="Kind">The kind, for instance <c>modelCapacity</c>.</param>
/// <param name="Id">The id of what it waits for, where it has one.</param>
/// <param name="Until">Until when, where that is known (UTC): the deadline, or the time of the next attempt.</param>
internal sealed record WaitingResource(string Kind, string? Id, DateTime? Until)
{
    /// <summary>Why, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Message { get; init; }

    /// <summary>The tool of the call that an approval is about, in `nodes`, if the caller may see it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tool { get; init; }

    /// <summary>How often the step failed in a row.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Failures { get; init; }

    /// <summary>The stable code of the failure.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>When the person is reminded next (UTC).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? RemindsAt { get; init; }

    /// <summary>Shows a wait.</summary>
    /// <param name="wait">The wait.</param>
    public static WaitingResource Of(RunWaiting wait) => new(wait.Kind, wait.Id, wait.Until?.UtcDateTime)
    {
        Message = wait.Message,
        Failures = wait.Failures,
        Code = wait.Code,
        RemindsAt = wait.RemindsAt?.UtcDateTime,
    };

    /// <summary>The wait as the library knows it, for programs that read the API.</summary>
    public RunWaiting ToWaiting() => new(Kind, Id, Until is { } until ? new DateTimeOffset(until) : null)
    {
        Message = Message,
        Failures = Failures,
        Code = Code,
        RemindsAt = RemindsAt is { } reminder ? new DateTimeOffset(reminder) : null,
    };
}

/// <summary>What went wrong in a run.</summary>
/// <param name="Code">The stable code.</param>
/// <param name="Message">In words.</param>
internal sealed record ErrorResource(string Code, string Message);

/// <summary>The addresses that belong to a run.</summary>
/// <param name="Self">The run.</param>
/// <param name="Events">Its events.</param>
/// <param name="Tree">The run and its sub-agents, nested.</param>
/// <param name="Transcript">Its messages.</param>
/// <param name="Artifacts">Its files.</param>
internal sealed record LinksResource(string Self, string Events, string Tree, string Transcript, string Artifacts);

/// <summary>One page of runs, newest first.</summary>
/// <param name="Runs">The runs.</param>
/// <param name="Next">The value of <c>after</c> for the next page; null at the end.</param>
internal sealed record RunListResource(IReadOnlyList<RunResource> Runs, string? Next);
