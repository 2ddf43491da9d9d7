namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Represents the settings of the door for the Agent2Agent protocol, section <c>Doors:A2A</c>.</summary>
public sealed class A2ADoorOptions
{
    /// <summary>Gets or sets the agent whose card is at <c>/.well-known/agent-card.json</c>.</summary>
    /// <value>The default is <see langword="null"/>, which is the only agent of the host, or none if there are several.</value>
    public string? Agent { get; set; }
}
