namespace AgentFunctions.Runs;

/// <summary>Specifies what is done with several runs.</summary>
public enum RunsAction
{
    /// <summary>Pauses the runs before their next step.</summary>
    Pause,

    /// <summary>Resumes the runs.</summary>
    Resume,

    /// <summary>Cancels the runs.</summary>
    Cancel,

    /// <summary>Erases the runs.</summary>
    Erase,
}
