using System.ComponentModel.DataAnnotations;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>
/// Represents the settings of the door for the Model Context Protocol; bound to the configuration section <c>Doors:Mcp</c>.
/// </summary>
public sealed class McpDoorOptions
{
    /// <summary>Gets or sets a value indicating whether each agent is a tool.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool Agents { get; set; } = true;

    /// <summary>
    /// Gets or sets how long a call waits for its run if the client supports neither tasks nor progress. Such clients give up
    /// after a minute. When the time is over, the answer names the run, whose result <c>run_status</c> returns.
    /// </summary>
    /// <value>The default is 50 seconds. The range is 1 second to 1 day.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Doors:Mcp:WaitFor: use 1 second to 1 day.")]
    public TimeSpan WaitFor { get; set; } = TimeSpan.FromSeconds(50);

    /// <summary>Gets further tools, each an agent with arguments of its own.</summary>
    public IList<McpAgentTool> Tools { get; } = [];
}
