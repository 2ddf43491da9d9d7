namespace AgentFunctions.Gateway.Access;

/// <summary>Specifies what a caller does with a run.</summary>
public enum RunAct
{
    /// <summary>Read the run, its transcript, events, tree and artifacts.</summary>
    See,

    /// <summary>Pause or cancel the run.</summary>
    Stop,

    /// <summary>Send messages to the run, grant it budget, resume it or fork it.</summary>
    Steer,

    /// <summary>Erase the run and everything stored about it: its requester, and for others an admin.</summary>
    Erase,
}
