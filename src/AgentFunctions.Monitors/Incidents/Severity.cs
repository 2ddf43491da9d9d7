using System.Text.Json.Serialization;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>How bad it is.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<Severity>))]
public enum Severity
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>May become worse.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Error,

    /// <summary>Something that others rely on does not work.</summary>
    Critical,
}

/// <summary>Where an incident stands.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<IncidentState>))]
public enum IncidentState
{
    /// <summary>Nobody has taken it up.</summary>
    Open,

    /// <summary>A person has taken it up.</summary>
    Acknowledged,

    /// <summary>A response has done what it could; the signals have not recovered yet.</summary>
    Mitigated,

    /// <summary>The signals recovered, or a person said so.</summary>
    Resolved,
}

/// <summary>What an entry of a timeline reports.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<IncidentEntryKind>))]
public enum IncidentEntryKind
{
    /// <summary>The incident opened.</summary>
    Opened,

    /// <summary>It opened again, soon after it was resolved.</summary>
    Reopened,

    /// <summary>Its signals, severity or priority changed.</summary>
    Updated,

    /// <summary>Its signals come and go; people are told less often.</summary>
    Flapping,

    /// <summary>A person took it up.</summary>
    Acknowledged,

    /// <summary>It is over.</summary>
    Resolved,

    /// <summary>An agent was asked to respond, or why none was.</summary>
    Response,

    /// <summary>What the response came to.</summary>
    ResponseEnded,

    /// <summary>Whether the signals recovered after the response.</summary>
    Verified,

    /// <summary>People were told.</summary>
    Notified,

    /// <summary>People could not be told; the message is a dead letter.</summary>
    NotificationFailed,

    /// <summary>A step failed and is tried again.</summary>
    Retrying,
}
