namespace AgentFunctions.Testing;

/// <summary>Represents the settings of an <see cref="AgentTestHost"/>.</summary>
public sealed class AgentTestOptions
{
    /// <summary>Gets or sets the virtual time at the start; Monday, 5 January 2026, 09:00 UTC by default.</summary>
    public DateTimeOffset Start { get; set; } = new(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);

    /// <summary>Gets the configuration of the host, for instance <c>Governance:PolicyPath</c>.</summary>
    public IDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Gets or sets how long, in real time, a wait lasts before it fails and says where the run stands; five minutes by default,
    /// so that it says nothing of the speed of the machine.
    /// </summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Sets the policy that holds.</summary>
    /// <param name="path">The policy file, or a folder of them.</param>
    public AgentTestOptions WithPolicy(string path)
    {
        Settings["Governance:PolicyPath"] = path;
        return this;
    }
}
