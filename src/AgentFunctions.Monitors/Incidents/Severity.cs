using System.Text.Json.Serialization;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Specifies the severity of an incident.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<Severity>))]
public enum Severity
{
    /// <summary>Something worth knowing.</summary>
    Info,

    /// <summary>Something that may become worse.</summary>
    Warning,

    /// <summary>Something does not work.</summary>
    Error,

    /// <summary>Something that others rely on does not work.</summary>
    Critical,
}

/// <summary>Specifies the state of an incident.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<IncidentState>))]
public enum IncidentState
{
    /// <summary>The incident is open and not acknowledged.</summary>
    Open,

    /// <summary>A person has acknowledged the incident.</summary>
    Acknowledged,

    /// <summary>A response has finished; the signals have not recovered yet.</summary>
    Mitigated,

    /// <summary>The signals recovered, or a person resolved the incident.</summary>
    Resolved,
}

/// <summary>Specifies what an entry of a timeline reports.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<IncidentEntryKind>))]
public enum IncidentEntryKind
{
    /// <summary>The incident opened.</summary>
    Opened,

    /// <summary>The incident reopened soon after it was resolved.</summary>
    Reopened,

    /// <summary>The signals, severity or priority of the incident changed.</summary>
    Updated,

    /// <summary>The signals of the incident are flapping; people are notified less often.</summary>
    Flapping,

    /// <summary>A person acknowledged the incident.</summary>
    Acknowledged,

    /// <summary>The incident was resolved.</summary>
    Resolved,

    /// <summary>A response started, or the reason why none did.</summary>
    Response,

    /// <summary>The response ended.</summary>
    ResponseEnded,

    /// <summary>The signals were verified after the response.</summary>
    Verified,

    /// <summary>People were notified.</summary>
    Notified,

    /// <summary>People could not be notified; the notification is a dead letter.</summary>
    NotificationFailed,

    /// <summary>A step failed and is retried.</summary>
    Retrying,
}
