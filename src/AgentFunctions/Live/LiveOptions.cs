using System.ComponentModel.DataAnnotations;

namespace AgentFunctions.Live;

/// <summary>How runs are shown while they work; bound to the configuration section <c>Live</c>.</summary>
public sealed class LiveOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Live";

    /// <summary>Gets or sets whether what models and tools say is shown before it is recorded.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets how often it is shown, for a run that somebody follows.</summary>
    /// <value>
    /// The default is that of the store: 50 milliseconds in memory, 500 in a store that several instances share. The range is 10
    /// milliseconds to 1 minute.
    /// </value>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00", ErrorMessage = "Live:Interval: use 0.01 seconds to 1 minute.")]
    public TimeSpan? Interval { get; set; }

    /// <summary>
    /// Gets or sets how many followers on one instance are shown every frame; beyond them all are shown fewer, and more at a
    /// time.
    /// </summary>
    /// <value>The default is 200. The range is 1 to 10,000.</value>
    [Range(1, 10_000, ErrorMessage = "Live:MaxFollowers: use 1 to 10,000.")]
    public int MaxFollowers { get; set; } = 200;

    internal TimeSpan PaceOf(ILiveStore store) => Interval ?? store.Pace;
}
