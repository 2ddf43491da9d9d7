namespace AgentFunctions.Records;

/// <summary>Specifies the origin of a message of a transcript, which is never inferred from its text.</summary>
public enum TranscriptOrigin
{
    /// <summary>The host: a notice, or a summary of older messages.</summary>
    Host,

    /// <summary>The goal, pinned by the host.</summary>
    Goal,

    /// <summary>A person, or the agent that leads this one.</summary>
    Person,

    /// <summary>The result of a tool.</summary>
    Result,

    /// <summary>The model.</summary>
    Model,
}
