namespace AgentFunctions.Tools;

/// <summary>Represents how a host deals with tools. Read from <c>Tools</c>.</summary>
public sealed class ToolOptions
{
    /// <summary>The default of <see cref="ServerPatience"/>.</summary>
    internal static readonly TimeSpan DefaultServerPatience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets how long a submission waits for a tool server that is not there yet. The run then starts without its tools,
    /// and is told when they come.
    /// </summary>
    /// <value>From zero to five minutes; five seconds by default.</value>
    public TimeSpan ServerPatience { get; set; } = DefaultServerPatience;

    /// <summary>The default of <see cref="ClientPatience"/>.</summary>
    internal static readonly TimeSpan DefaultClientPatience = TimeSpan.FromDays(1);

    /// <summary>
    /// Gets or sets how long a call of a <see cref="ClientTool"/> waits for the answer of whoever executes it. Then its outcome
    /// counts as unknown.
    /// </summary>
    /// <value>One day by default.</value>
    public TimeSpan ClientPatience { get; set; } = DefaultClientPatience;
}
