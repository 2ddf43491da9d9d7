using System.Text.Json.Serialization;
using AgentFunctions.Budgets;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// All that a run carries from one execution of its loop to the next: numbers and references, never messages. It is
/// also the run's custom status, from which an ended run can be taken up again.
/// </summary>
internal sealed record RunState
{
    /// <summary>Gets what the run is held to.</summary>
    public required LoopLimits Limits { get; init; }

    /// <summary>
    /// Gets the number with which the run waits for its place among those at work; <see langword="null"/> once it has one.
    /// </summary>
    public long? QueueTicket { get; init; }

    /// <summary>Gets the turns that are over.</summary>
    public int Turns { get; init; }

    /// <summary>Gets the model calls and tool calls that are over.</summary>
    public int Steps { get; init; }

    /// <summary>Gets the longest chain of steps: parallel tool calls of one turn count once.</summary>
    public int CriticalSteps { get; init; }

    /// <summary>Gets what the model calls consumed.</summary>
    public TokenUsage Usage { get; init; } = new();

    /// <summary>
    /// Gets what models consumed that answered in place of the run's own, and those of sub-agents, by name; part of
    /// <see cref="Usage"/>. <see langword="null"/> for none.
    /// </summary>
    public IReadOnlyDictionary<string, TokenUsage>? UsageOfOthers { get; init; }

    /// <summary>Gets when the first turn began; <see langword="null"/> before it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Gets how long the run's time has stood still; <see langword="null"/> for never.</summary>
    public TimeSpan? Paused { get; init; }

    /// <summary>Gets since when the run's time stands still (UTC); <see langword="null"/> if it does not.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>
    /// Gets when the run's time is up, if it does not stand still (UTC); <see langword="null"/> if it is not limited.
    /// </summary>
    [JsonIgnore]
    public DateTimeOffset? Deadline => StartedAt + Limits.Budget.WallClock + (Paused ?? TimeSpan.Zero);

    /// <summary>Gets the part of the transcript that the model is shown.</summary>
    public ContextRef Context { get; init; } = new();

    /// <summary>Gets the size of what the model was last shown and said, as the provider counted it.</summary>
    public long ContextTokens { get; init; }

    /// <summary>
    /// Gets the bytes that the next request has beyond <see cref="ContextTokens"/>; no token is shorter than a byte.
    /// </summary>
    public long PendingBytes { get; init; }

    /// <summary>Gets the size of what every request has: instructions, goal and tools, in bytes.</summary>
    public long BaseBytes { get; init; }

    /// <summary>Gets the last turn that was over when the context was last summed up.</summary>
    public int CompactedTurn { get; init; }

    /// <summary>Gets how often in a row the provider refused the request for its size.</summary>
    public int Refusals { get; init; }

    /// <summary>
    /// Gets whether the request is to be shortened because the provider refused it: 0, or the number of the refusal.
    /// </summary>
    public int Overflows { get; init; }

    /// <summary>Gets the model calls that were begun, lost ones included: numbers them.</summary>
    public int ModelCalls { get; init; }

    /// <summary>Gets how often in a row a model call was cut off.</summary>
    public int LostCalls { get; init; }

    /// <summary>Gets how many messages people have sent, and how many of them the model has been shown.</summary>
    public long Inbox { get; init; }

    /// <summary>Gets how many of the messages the model has been shown.</summary>
    public long InboxShown { get; init; }

    /// <summary>
    /// Gets the keys of the last grants, so that one that is sent again is not granted twice; <see langword="null"/> for none.
    /// </summary>
    public IReadOnlyList<string>? Heard { get; init; }

    /// <summary>Gets what the host has to tell the model before its next message.</summary>
    public string? Notice { get; init; }

    /// <summary>Gets the share of the budget at which the model was last told what is left.</summary>
    public double ToldAtShare { get; init; } = 1;

    /// <summary>Gets how often in a row the model was asked again for want of a whole answer.</summary>
    public int Repairs { get; init; }

    /// <summary>
    /// Gets how often in a row tool calls were cut off at the limit of output, and none of them went well; <see
    /// langword="null"/> for none.
    /// </summary>
    public int? CutTurns { get; init; }

    /// <summary>Gets how often the answer was not accepted.</summary>
    public int Rejections { get; init; }

    /// <summary>
    /// Gets how often the run went on after it had ended, which tells its ends apart; <see langword="null"/> for never.
    /// </summary>
    public int? Resumptions { get; init; }

    /// <summary>
    /// Gets what forks had taken of the budget when the run was last taken up: it has that no longer; <see langword="null"/> for
    /// nothing.
    /// </summary>
    public Budget? Taken { get; init; }

    /// <summary>
    /// Gets whether the answer of the last turn is to be checked before anything else; <see langword="null"/> if it is not.
    /// </summary>
    public bool? ChecksAnswer { get; init; }

    /// <summary>Gets the run's sub-agents; <see langword="null"/> if it may have none.</summary>
    public SwarmState? Swarm { get; init; }

    /// <summary>Gets the calls for sub-agents that failed, so that none was started; <see langword="null"/> for none.</summary>
    public int? RefusedSpawns { get; init; }

    /// <summary>Whom the run reports to; <see langword="null"/> if it is not a sub-agent.</summary>
    public LeadLink? Lead { get; init; }

    /// <summary>Gets what people and programs see, and what an ended run can be taken up from.</summary>
    [JsonIgnore]
    public RunState Published => Swarm is null ? this : this with { Swarm = Swarm.Numbers };

    /// <summary>The run as it goes on after an end.</summary>
    public RunState Resumed() => this with { Resumptions = (Resumptions ?? 0) + 1 };

    /// <summary>The run as it goes on after an end, with nothing held against it that led there.</summary>
    public RunState TakenUp() => Resumed() with
    {
        LostCalls = 0,
        Refusals = 0,
        Rejections = 0,
        Repairs = 0,
        ChecksAnswer = null,
    };

    /// <summary>Gets how much time the run has taken, without the time in which it stood still.</summary>
    /// <param name="now">The time until which it is counted (UTC).</param>
    public TimeSpan? Elapsed(DateTimeOffset now) => (PausedAt ?? now) - StartedAt - (Paused ?? TimeSpan.Zero);

    /// <summary>Gets what the run waits for, other than a step.</summary>
    public RunWait? WaitingFor { get; init; }

    /// <summary>
    /// Gets all that the run waits for, where that is more than <see cref="WaitingFor"/>; <see langword="null"/> otherwise.
    /// </summary>
    public IReadOnlyList<RunWait>? Waits { get; init; }
}

/// <summary>What a run waits for.</summary>
/// <param name="Kind">The kind, for instance <c>modelCapacity</c>.</param>
/// <param name="Until">Until when, where that is known (UTC).</param>
/// <param name="Id">The id of what it waits for, where it has one.</param>
internal sealed record RunWait(string Kind, DateTimeOffset? Until = null, string? Id = null)
{
    /// <summary>The kind of a wait that the model's provider, or a quota, asked for.</summary>
    public const string ModelCapacity = RunWaiting.ModelCapacity;

    /// <summary>The kind of a wait for the answer to a question.</summary>
    public const string Question = "question";

    /// <summary>The kind of a wait for sub-agents.</summary>
    public const string SubAgents = "subAgents";

    /// <summary>Gets the deadline, where <see cref="Until"/> is only the next reminder (UTC).</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>What a run is held to from its start; only the budget may grow.</summary>
/// <param name="MaxTurns">The most turns.</param>
/// <param name="Budget">What may be spent.</param>
/// <param name="ContextWindow">The model's window, in tokens.</param>
/// <param name="MaxOutputTokens">The longest answer that the model gives, in tokens.</param>
/// <param name="Price">What the model costs; <see langword="null"/> if that is not known.</param>
/// <param name="MaxRejections">How often an answer may be rejected; 0 where the run has no acceptance check.</param>
internal sealed record LoopLimits(
    int MaxTurns, Budget Budget, int ContextWindow, int MaxOutputTokens, ModelPrice? Price = null, int MaxRejections = 0)
{
    /// <summary>Bytes per token of usual text, for what no provider has counted yet.</summary>
    public double BytesPerToken { get; init; } = Models.ModelProfile.DefaultBytesPerToken;

    /// <summary>Gets what bounds the run's sub-agents; <see langword="null"/> if it may have none.</summary>
    public SwarmLimits? Swarm { get; init; }

    /// <summary>
    /// Gets how long the run may be without a step before it counts as stuck; <see langword="null"/> for any time.
    /// </summary>
    public TimeSpan? StepTimeout { get; init; }

    /// <summary>Gets the model that judges answers; <see langword="null"/> if none does.</summary>
    public JudgeLimits? Judge { get; init; }

    /// <summary>
    /// Gets whether acceptance commands are judged by what is left of the budget, and calls for sub-agents that failed are
    /// counted; <see langword="null"/> for runs of versions that did neither.
    /// </summary>
    public bool? TellsBudget { get; init; }

    /// <summary>
    /// Gets whether the run continues as new only when no sub-agent is at work, as long as its history allows;
    /// <see langword="null"/> for runs of versions that then heard nobody until all of them had ended.
    /// </summary>
    public bool? HearsSubAgents { get; init; }

    /// <summary>
    /// Gets whether a long execution starts no more sub-agents until those at work have ended; <see langword="null"/> for runs of
    /// versions that then heard nobody.
    /// </summary>
    public bool? DrainsSubAgents { get; init; }

    /// <summary>
    /// Gets whether waits for a model count towards the length of an execution; <see langword="null"/> for runs of versions whose
    /// history grew with each.
    /// </summary>
    public bool? CountsWaits { get; init; }

    /// <summary>
    /// Gets whether more of a budget lets the run go on that comes after it was used up and before its end is told, and what was
    /// short is named as it is; <see langword="null"/> for runs of versions that ended.
    /// </summary>
    public bool? GoesOnWithMore { get; init; }

    /// <summary>
    /// Gets whether the calls of a turn are made one after the other; <see langword="null"/> if they are made together.
    /// </summary>
    public bool? CallsInOrder { get; init; }

    /// <summary>
    /// Gets whether the run's time stands still while it can do nothing but wait for answers to its questions;
    /// <see langword="null"/> if it does not.
    /// </summary>
    public bool? PausesClock { get; init; }

    /// <summary>
    /// Gets the model of a sub-agent whose lead has another one; <see langword="null"/> for the lead's, and for runs without a
    /// lead.
    /// </summary>
    public string? OwnModel { get; init; }
}

/// <summary>What must be known of the model that judges answers.</summary>
/// <param name="MaxOutputTokens">The longest verdict, in tokens, what it thinks before included.</param>
/// <param name="MaxInputBytes">The largest request, in bytes (UTF-8).</param>
/// <param name="Price">What the model costs; <see langword="null"/> if that is not known.</param>
internal sealed record JudgeLimits(int MaxOutputTokens, long MaxInputBytes, ModelPrice? Price);

/// <summary>Whom a sub-agent reports to.</summary>
/// <param name="RunId">The run that it works for.</param>
/// <param name="ResultBytes">The most bytes (UTF-8) of its result that its lead is shown at once.</param>
internal sealed record LeadLink(string RunId, int ResultBytes);
