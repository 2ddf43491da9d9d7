namespace AgentFunctions.Runs;

/// <summary>Names the orchestrators of a run. A host with a trigger for each orchestrator has one for every name.</summary>
public static class OrchestratorNames
{
    /// <summary>Runs an agent until it answers or is stopped.</summary>
    public const string RunAgent = "RunAgent";

    /// <summary>Delivers the end of a run to its callback address, with retries.</summary>
    public const string DeliverCallback = "DeliverCallback";

    /// <summary>Erases a tree of runs, phase by phase.</summary>
    public const string EraseTree = "EraseTree";

    /// <summary>Waits for the answer of a question to people.</summary>
    public const string AwaitAnswer = "AwaitAnswer";

    /// <summary>Does the same with many runs.</summary>
    public const string ActOnRuns = "ActOnRuns";
}
