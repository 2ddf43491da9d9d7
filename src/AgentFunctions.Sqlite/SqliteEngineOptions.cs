using System.ComponentModel.DataAnnotations;

namespace AgentFunctions.Sqlite;

/// <summary>Represents the settings of the embedded engine.</summary>
public sealed class SqliteEngineOptions
{
    /// <summary>Names the data file in memory, which ends with the engine.</summary>
    public const string InMemory = ":memory:";

    /// <summary>
    /// Gets or sets the data file; made when it does not exist. By default <c>agentfunctions.db</c> in the working directory.
    /// </summary>
    [Required]
    public string DataFile { get; set; } = "agentfunctions.db";

    /// <summary>
    /// Gets or sets the folder of the host's key and of the signed head of the data file, which tells a file that was emptied,
    /// cut, swapped or rolled back from a whole one. By default <c>Governance:KeyFolder</c>, and where that is not set the data
    /// file's name with <c>.keys</c> at its end.
    /// </summary>
    public string? KeyFolder { get; set; }

    /// <summary>
    /// Gets or sets whether only the stores are opened, and orchestrations can be read; <see langword="false"/> by default.
    /// Unfinished work does not continue, and nothing can be started or steered. For programs that read data without the code
    /// that works on it.
    /// </summary>
    public bool StoresOnly { get; set; }

    internal string EffectiveKeyFolder => KeyFolder ?? DataFile + ".keys";

    /// <summary>
    /// Gets or sets the most activities that run at once; by default 256. Further ones wait their turn in order.
    /// </summary>
    [Range(1, 100_000)]
    public int MaxConcurrentActivities { get; set; } = 256;

    /// <summary>Gets or sets the most orchestrators that decide at once; by default twice the number of processors.</summary>
    [Range(1, 1_024)]
    public int MaxConcurrentTurns { get; set; } = Environment.ProcessorCount * 2;

    /// <summary>
    /// Gets or sets the most idle instances that are kept in memory; 1,000 by default. Others are replayed from their history
    /// when they receive an event.
    /// </summary>
    [Range(0, 1_000_000)]
    public int MaxIdleInstances { get; set; } = 1_000;

    /// <summary>
    /// Gets or sets the most bytes of history of the idle instances that are kept in memory, all together; by default 256 MiB.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long MaxIdleBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>
    /// Gets or sets the most pieces of work (turns, activities, writes) that may wait; 100,000 by default. Beyond it new
    /// instances and events are refused with <see cref="ErrorCode.Overloaded"/>, and writes if that many writes wait. Accepted
    /// work continues.
    /// </summary>
    [Range(1, 100_000_000)]
    public int MaxQueuedWork { get; set; } = 100_000;

    /// <summary>
    /// Gets or sets the most events that an instance buffers until it waits for them; 10,000 by default. Beyond it
    /// <see cref="Durability.IOrchestrationClient.RaiseEventAsync"/> fails with <see cref="ErrorCode.Overloaded"/>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxBufferedEvents { get; set; } = 10_000;

    /// <summary>Gets or sets the most bytes (UTF-8) of one input, output, result or event payload; by default 1 MiB.</summary>
    [Range(1_024, 64 * 1024 * 1024)]
    public int MaxPayloadBytes { get; set; } = 1024 * 1024;

    /// <summary>Gets or sets the most bytes (UTF-8) of a custom status; by default 16 KiB.</summary>
    [Range(16, 1024 * 1024)]
    public int MaxCustomStatusBytes { get; set; } = 16 * 1024;

    /// <summary>
    /// Gets or sets the most events of one execution; by default 100,000. An instance that passes it fails; continue as new
    /// before.
    /// </summary>
    [Range(10, 10_000_000)]
    public int MaxHistoryEvents { get; set; } = 100_000;

    /// <summary>
    /// Gets or sets the most bytes of one execution's history; by default 64 MiB. An instance that passes it fails; continue as
    /// new before.
    /// </summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int MaxHistoryBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>
    /// Gets or sets how often the clock is checked while timers wait, because it may be set or the machine may sleep; every
    /// second by default. Timers that are due earlier fire on time.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan ClockCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets how long a stop waits for activities in flight after their tokens were cancelled; by default 5 seconds.
    /// </summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
