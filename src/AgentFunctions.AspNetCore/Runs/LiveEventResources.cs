using System.Text.Json.Serialization;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>A model is asked.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="Delivery">What tells this call of the model from every other one.</param>
/// <param name="Model">The model's name.</param>
/// <param name="At">When (UTC).</param>
internal sealed record ModelStartedResource(int Turn, int Attempt, string Delivery, string Model, DateTime At)
{
    public static ModelStartedResource Of(ModelStarted started) =>
        new(started.Turn, started.Attempt, started.Delivery, started.Model, started.At.UtcDateTime);
}

/// <summary>A model could not be asked; it is asked again.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Failures">How often it failed in a row.</param>
/// <param name="Code">The stable code of what went wrong; null if it has none.</param>
/// <param name="Message">What went wrong, in the provider's words.</param>
/// <param name="Until">When it is asked again (UTC).</param>
internal sealed record ModelRetryingResource(int Turn, int Failures, string? Code, string Message, DateTime? Until)
{
    public static ModelRetryingResource Of(ModelRetrying retrying) =>
        new(retrying.Turn, retrying.Failures, retrying.Code, retrying.Message, retrying.Until?.UtcDateTime);
}

/// <summary>All that a model has said so far.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="Delivery">The call of the model.</param>
/// <param name="At">How many UTF-16 units of the text stand before the part that is shown.</param>
/// <param name="Text">The text.</param>
internal sealed record ModelSnapshotResource(int Turn, int Attempt, string Delivery, long At, string Text)
{
    /// <summary>How many UTF-16 units of the thoughts stand before the part that is shown.</summary>
    public long ReasoningAt { get; init; }

    /// <summary>What the model thought.</summary>
    public string Reasoning { get; init; } = "";

    /// <summary>The calls of tools that it asks for.</summary>
    public IReadOnlyList<SnapshotCall> Calls { get; init; } = [];

    public static ModelSnapshotResource Of(ModelSnapshot snapshot) =>
        new(snapshot.Turn, snapshot.Attempt, snapshot.Delivery, snapshot.At, snapshot.Text)
        {
            ReasoningAt = snapshot.ReasoningAt,
            Reasoning = snapshot.Reasoning,
            Calls = snapshot.Calls,
        };

    public ModelSnapshot ToSignal() =>
        new(Turn, Attempt, Delivery, At, Text) { ReasoningAt = ReasoningAt, Reasoning = Reasoning, Calls = Calls };
}

/// <summary>More of what a model says.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="Delivery">The call of the model.</param>
/// <param name="At">How many UTF-16 units of the text stand before.</param>
/// <param name="Text">What is new.</param>
/// <param name="Channel">Which text grows.</param>
internal sealed record ModelDeltaResource(
    int Turn, int Attempt, string Delivery, long At, string Text,
    [property: JsonConverter(typeof(CamelCaseEnumConverter<ModelChannel>))] ModelChannel Channel)
{
    /// <summary>The number of the call whose arguments grow.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Call { get; init; }

    /// <summary>The tool of that call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tool { get; init; }

    public static ModelDeltaResource Of(ModelDelta delta) =>
        new(delta.Turn, delta.Attempt, delta.Delivery, delta.At, delta.Text, delta.Channel)
        {
            Call = delta.Call,
            Tool = delta.Tool,
        };

    public ModelDelta ToSignal() => new(Turn, Attempt, Delivery, Channel, At, Text) { Call = Call, Tool = Tool };
}

/// <summary>What was shown of an answer is void.</summary>
/// <param name="Turn">The turn; left out for whatever is shown.</param>
/// <param name="Attempt">The attempt; left out likewise.</param>
/// <param name="Reason">Why.</param>
internal sealed record ModelResetResource(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Turn,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Attempt,
    string Reason)
{
    public static ModelResetResource Of(ModelReset reset) => new(reset.Turn, reset.Attempt, reset.Reason);
}

/// <summary>Where the run stands.</summary>
/// <param name="Status">The status.</param>
/// <param name="Now">What is at work: <c>model</c>, <c>tool:NAME</c>, or null.</param>
/// <param name="Waits">All that it waits for.</param>
/// <param name="Since">Since when (UTC).</param>
internal sealed record RunStateResource(
    [property: JsonConverter(typeof(CamelCaseEnumConverter<RunStatus>))] RunStatus Status,
    string? Now, IReadOnlyList<WaitingResource> Waits, DateTime Since)
{
    public static RunStateResource Of(RunStateChanged state) =>
        new(state.Status, state.Now, [.. state.Waits.Select(WaitingResource.Of)], state.Since.UtcDateTime);

    public RunStateChanged ToSignal() =>
        new(Status, Now, [.. Waits.Select(static wait => wait.ToWaiting())], new DateTimeOffset(Since));
}

/// <summary>A tool at work says how far it is.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within the turn, from 0.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Text">In words.</param>
internal sealed record ToolProgressResource(int Turn, int Call, string Tool, string Text)
{
    public static ToolProgressResource Of(ToolProgressed said) => new(said.Turn, said.Call, said.Tool, said.Text);
}

/// <summary>Runs of the tree that are new or stand otherwise than before; the first patch of a stream has all.</summary>
/// <param name="Rev">The number of the patch within the stream, from 1.</param>
/// <param name="Nodes">The runs.</param>
internal sealed record TreePatchResource(int Rev, IReadOnlyList<TreeNodeResource> Nodes)
{
    public static TreePatchResource Of(TreePatched patch) => new(patch.Rev, [.. patch.Nodes.Select(TreeNodeResource.Of)]);
}

/// <summary>A run of a tree, without what lies below it.</summary>
internal sealed record TreeNodeResource
{
    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The run that asked for it.</summary>
    public required string? Parent { get; init; }

    /// <summary>What the run that asked for it calls it; null for the agent's name.</summary>
    public required string? Name { get; init; }

    /// <summary>The agent's name.</summary>
    public required string Agent { get; init; }

    /// <summary>Where it stands.</summary>
    [JsonConverter(typeof(CamelCaseEnumConverter<RunStatus>))]
    public required RunStatus Status { get; init; }

    /// <summary>All that it waits for.</summary>
    public required IReadOnlyList<WaitingResource> Waits { get; init; }

    /// <summary>When it was admitted (UTC).</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public required DateTime? CompletedAt { get; init; }

    /// <summary>The turns that are over.</summary>
    public required int Turns { get; init; }

    /// <summary>What the run itself spent, with its sub-agents that have ended.</summary>
    public required NodeSpendingResource Own { get; init; }

    /// <summary>What the branch spent.</summary>
    public required NodeSpendingResource Branch { get; init; }

    public static TreeNodeResource Of(RunTree node) => new()
    {
        Id = node.Run.Id,
        Parent = node.Run.Parent,
        Name = node.Name,
        Agent = node.Run.Agent,
        Status = node.Run.Status,
        Waits = [.. node.Run.Waits.Select(WaitingResource.Of)],
        CreatedAt = node.Run.CreatedAt.UtcDateTime,
        CompletedAt = node.Run.CompletedAt?.UtcDateTime,
        Turns = node.Run.Turns,
        Own = NodeSpendingResource.Of(node.Run.Steps, node.Run.Usage),
        Branch = NodeSpendingResource.Of(node.Steps, node.Usage),
    };
}

/// <summary>The stream ends.</summary>
/// <param name="Reason">Why: <c>runEnded</c>, <c>lifetime</c>, <c>stopping</c> or <c>access</c>.</param>
/// <param name="RetryMs">When to come back, in milliseconds; after <c>runEnded</c> there is nothing to come back for.</param>
internal sealed record StreamEndResource(string Reason, int RetryMs);
