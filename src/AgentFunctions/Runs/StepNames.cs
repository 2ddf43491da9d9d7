namespace AgentFunctions.Runs;

/// <summary>Names the activities of a run. A host with a trigger for each activity has one for every name.</summary>
public static class StepNames
{
    /// <summary>Asks the model for its next message.</summary>
    public const string CallModel = "CallModel";

    /// <summary>Calls a tool.</summary>
    public const string CallTool = "CallTool";

    /// <summary>Replaces old messages of the transcript by a summary.</summary>
    public const string Compact = "Compact";

    /// <summary>Checks an answer against the acceptance conditions of the run.</summary>
    public const string CheckAcceptance = "CheckAcceptance";

    /// <summary>Records the end of a run.</summary>
    public const string Notify = "Notify";

    /// <summary>Records the result of a sub-agent with its lead.</summary>
    public const string ReportToLead = "ReportToLead";

    /// <summary>Ends sub-agents that have not ended on command.</summary>
    public const string EndChildren = "EndChildren";

    /// <summary>Posts the end of a run to its callback address.</summary>
    public const string PostCallback = "PostCallback";

    /// <summary>Runs a phase of the erasure of a run tree.</summary>
    public const string EraseStep = "EraseStep";

    /// <summary>Checks a question to people, and reminds or escalates.</summary>
    public const string LookAtQuestion = "LookAtQuestion";

    /// <summary>Admits a run for an orchestrator of the host's own, which starts it.</summary>
    public const string AdmitRun = "AdmitRun";

    /// <summary>Reads the answer of a run for an orchestrator of the host's own.</summary>
    public const string ReadRun = "ReadRun";

    /// <summary>Pauses, resumes, cancels or erases some runs.</summary>
    public const string ActOnRuns = "ActOnSomeRuns";
}
