using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.Runs;

/// <summary>What a run was started with: written once at admission, never changed.</summary>
internal sealed record RunRecord
{
    /// <summary>Gets the id: also the instance id of its orchestration. Ids sort newest first.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the agent's name.</summary>
    public required string Agent { get; init; }

    /// <summary>Gets the content hash of the agent definition that the run is pinned to.</summary>
    public required string DefinitionHash { get; init; }

    /// <summary>
    /// The content hash of the tool declarations that the run is pinned to; <see langword="null"/> if it sees the present ones.
    /// </summary>
    public string? ToolsHash { get; init; }

    /// <summary>Gets the name of the model that the run is pinned to.</summary>
    public required string Model { get; init; }

    /// <summary>Gets what is to be reached, verbatim.</summary>
    public required string Goal { get; init; }

    /// <summary>Gets when the goal counts as reached, verbatim.</summary>
    public RunAcceptance? Acceptance { get; init; }

    /// <summary>Further input for the agent.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Labels by name.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets how urgent it is.</summary>
    public RunPriority Priority { get; init; } = RunPriority.Normal;

    /// <summary>Gets where to post the end of the run.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>Gets the full path of the folder that the run works in.</summary>
    public string? Workspace { get; init; }

    /// <summary>Gets the protocol that it was submitted by; <see langword="null"/> for the HTTP API and for programs.</summary>
    public string? Door { get; init; }

    /// <summary>Gets the hosts that its goal came through, the first first; <see langword="null"/> for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Via { get; init; }

    /// <summary>Gets who asked for the run.</summary>
    public string Requester { get; init; } = "local";

    /// <summary>Gets the roles that the requester had when asking.</summary>
    public IReadOnlyList<string> RequesterRoles { get; init; } = [];

    /// <summary>
    /// The scopes that the run's tokens may carry; <see langword="null"/>, the default, for all that the runs above it have.
    /// Never more than theirs.
    /// </summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Gets the run that started this one as a sub-agent.</summary>
    public string? Parent { get; init; }

    /// <summary>Gets the call of <see cref="Parent"/> that asked for this run.</summary>
    public RunOrigin? Origin { get; init; }

    /// <summary>
    /// Gets where it was forked from; <see langword="null"/> for a run of its own. That of a sub-agent, which earlier versions wrote,
    /// is its lead's: <see cref="OwnOrigin"/>.
    /// </summary>
    public ForkOrigin? ForkedFrom { get; init; }

    /// <summary>Where this very run was forked from: no sub-agent is a fork.</summary>
    internal ForkOrigin? OwnOrigin => Parent is null ? ForkedFrom : null;

    /// <summary>
    /// Gets the tools that it started without and gets when they come; <see langword="null"/>, the default, for none.
    /// </summary>
    public AwaitedTools? AwaitedTools { get; init; }

    /// <summary>
    /// Gets which of its tools the model is shown from the start; <see langword="null"/>, the default, for all.
    /// </summary>
    public ToolSearch? ToolSearch { get; init; }

    /// <summary>
    /// Gets what was left out or replaced when it was admitted; <see langword="null"/>, the default, for nothing.
    /// </summary>
    public IReadOnlyList<string>? Notes { get; init; }

    /// <summary>
    /// Gets how long it is kept after its end, as the rules said when it was admitted; <see langword="null"/> for ever, and for
    /// sub-agents, which go with their root.
    /// </summary>
    public IReadOnlyList<RetentionTerm>? Retention { get; init; }

    /// <summary>
    /// Gets the context of the root span of the run, as W3C's <c>traceparent</c>; <see langword="null"/>, the default, if nobody
    /// traced it when it was admitted. Ids alone: it grants nothing.
    /// </summary>
    public string? TraceParent { get; init; }

    /// <summary>Gets what a caller's tracing system passed on beside it, as W3C's <c>tracestate</c>.</summary>
    public string? TraceState { get; init; }

    /// <summary>Gets when it was admitted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Which call asked for a sub-agent.</summary>
/// <param name="Turn">The turn of the run that asked.</param>
/// <param name="Call">The number of the call within its turn, from 0.</param>
/// <param name="IsAnswer">Whether the sub-agent's result is the outcome of the call.</param>
internal sealed record RunOrigin(int Turn, int Call, bool IsAnswer)
{
    /// <summary>Gets what the run that asked calls it; <see langword="null"/> for the agent's name. Grants nothing.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Gets the number among those that the call asked for, from 0; <see langword="null"/> if it asked for one.
    /// </summary>
    public int? Item { get; init; }
}

/// <summary>Represents the run and turn that a run was forked from.</summary>
/// <param name="Run">The run.</param>
/// <param name="Turn">The last turn that was taken over.</param>
public sealed record ForkOrigin(string Run, int Turn)
{
    /// <summary>Gets whether the fork is a rewind, for which the run that it was forked from ended.</summary>
    [JsonPropertyName("rewind")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsRewind { get; init; }
}

/// <summary>Specifies the priority of a run.</summary>
public enum RunPriority
{
    /// <summary>After other runs.</summary>
    Low,

    /// <summary>The default.</summary>
    Normal,

    /// <summary>Before other runs.</summary>
    High,
}
