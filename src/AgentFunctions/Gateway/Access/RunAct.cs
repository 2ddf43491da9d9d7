namespace AgentFunctions.Gateway.Access;

/// <summary>Specifies what a caller does with a run.</summary>
public enum RunAct
{
    /// <summary>See it: its transcript, events, tree and artifacts too.</summary>
    See,

    /// <summary>Hold or end it.</summary>
    Stop,

    /// <summary>Have it do more: speak to it, let it spend more, resume it, fork it.</summary>
    Steer,

    /// <summary>Erase it and all that is stored about it: its requester, and for others an admin.</summary>
    Erase,
}
