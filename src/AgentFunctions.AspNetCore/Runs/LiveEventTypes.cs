namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The types of the events that only a live stream has.</summary>
public static class LiveEventTypes
{
    /// <summary>A model is asked.</summary>
    public const string ModelStarted = "model.started";

    /// <summary>A model could not be asked; it is asked again.</summary>
    public const string ModelRetrying = "model.retrying";

    /// <summary>What a model has said so far.</summary>
    public const string ModelSnapshot = "model.snapshot";

    /// <summary>What a model has said since the last snapshot or delta.</summary>
    public const string ModelDelta = "model.delta";

    /// <summary>What was shown of an answer counts no more.</summary>
    public const string ModelReset = "model.reset";

    /// <summary>The status of the run, and what it waits for.</summary>
    public const string RunState = "run.state";

    /// <summary>A tool reports how far it is.</summary>
    public const string ToolProgress = "tool.progress";

    /// <summary>Runs of the tree changed.</summary>
    public const string TreePatch = "tree.patch";

    /// <summary>The host ends the stream; the client comes back.</summary>
    public const string StreamEnds = "stream.ends";
}
