namespace AgentFunctions.Records;

/// <summary>Where a message of a transcript comes from. Nothing tells it by how the message begins.</summary>
public enum TranscriptOrigin
{
    /// <summary>The host: a notice, or a summary of older messages.</summary>
    Host,

    /// <summary>What is to be reached, pinned by the host.</summary>
    Goal,

    /// <summary>A person, or the agent that leads this one.</summary>
    Person,

    /// <summary>What tools returned.</summary>
    Result,

    /// <summary>The model.</summary>
    Model,
}
