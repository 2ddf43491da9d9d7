namespace AgentFunctions.Live;

/// <summary>Something that goes on, of which frames can be made.</summary>
internal interface ILiveSource
{
    /// <summary>Takes a frame of how it stands; <see langword="null"/> if nothing is new. Called by one at a time.</summary>
    LiveFrame? Take();
}
