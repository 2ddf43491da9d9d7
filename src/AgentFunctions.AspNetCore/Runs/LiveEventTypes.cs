namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The types of the events that only a live stream has.</summary>
internal static class LiveEventTypes
{
    public const string ModelStarted = "model.started";

    public const string ModelSnapshot = "model.snapshot";

    public const string ModelDelta = "model.delta";

    public const string ModelReset = "model.reset";

    public const string RunState = "run.state";

    public const string ToolProgress = "tool.progress";

    public const string TreePatch = "tree.patch";

    public const string StreamEnds = "stream.ends";
}
