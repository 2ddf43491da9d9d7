using System.ComponentModel.DataAnnotations;
using AgentFunctions.AspNetCore.Doors.A2A;
using AgentFunctions.AspNetCore.Doors.Mcp;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors;

/// <summary>
/// Represents the settings of the doors, the protocols beside the HTTP API; bound to the configuration section <c>Doors</c>.
/// </summary>
public sealed class DoorOptions
{
    /// <summary>The name of the configuration section.</summary>
    public const string Section = "Doors";

    /// <summary>
    /// Gets or sets which doors <c>MapDoors</c> and <see cref="ApiHandler"/> map: <c>mcp</c>, <c>openai</c>, <c>a2a</c> and
    /// <c>agui</c>, separated by commas, or <c>none</c>.
    /// </summary>
    /// <value>The default is <see langword="null"/>, which is all of them.</value>
    [RegularExpression(
        @"\s*(none|(mcp|openai|a2a|agui)(\s*,\s*(mcp|openai|a2a|agui))*)\s*",
        ErrorMessage = "Doors:Open: name mcp, openai, a2a and agui, separated by commas, or none.")]
    public string? Open { get; set; }

    /// <summary>
    /// Gets or sets the longest time that a call whose client asked for progress waits for its run. The run itself continues.
    /// </summary>
    /// <value>The default is 30 minutes. The range is 1 second to 1 day.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Doors:WaitFor: use 1 second to 1 day.")]
    public TimeSpan WaitFor { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Gets or sets how long a run must have been quiet before a door ends its answer with what the run asks. Calls of the same
    /// turn may still be running when the first one begins to wait.
    /// </summary>
    /// <value>The default is 1 second. The range is 0.01 seconds to 1 minute.</value>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00", ErrorMessage = "Doors:Settle: use 0.01 seconds to 1 minute.")]
    public TimeSpan Settle { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the settings of the Model Context Protocol.</summary>
    [ValidateObjectMembers]
    public McpDoorOptions Mcp { get; } = new();

    /// <summary>Gets the settings of the Agent2Agent protocol.</summary>
    public A2ADoorOptions A2A { get; } = new();

    internal bool Opens(string door) =>
        Open is null || Open.Split(',', StringSplitOptions.TrimEntries).Contains(door, StringComparer.Ordinal);
}
