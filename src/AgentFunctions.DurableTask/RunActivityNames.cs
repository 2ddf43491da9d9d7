namespace AgentFunctions.DurableTask;

/// <summary>Names the activities that <c>context.RunAgentAsync</c> calls; a function app has a trigger for each.</summary>
public static class RunActivityNames
{
    /// <summary>Admits a run for an orchestrator of the app's own.</summary>
    public const string Admit = "AdmitRun";

    /// <summary>Reads the answer of a run for an orchestrator of the app's own.</summary>
    public const string Read = "ReadRun";
}
