using System.Diagnostics;

namespace AgentFrameworkRefund;

/// <summary>Kills the process once, as an operating system out of memory does, where the driver says.</summary>
/// <param name="at">The point.</param>
/// <param name="folder">Where it is noted that it has happened.</param>
internal sealed class KillPoint(string at, string folder)
{
    /// <summary>The points at which the driver kills.</summary>
    public static readonly string[] All =
    [
        "after charge", "before charge", "before mark_refunded", "after mark_refunded", "before notify", "after notify",
        "model after charge", "model at the end",
    ];

    /// <summary>Where no process is killed.</summary>
    public const string Nowhere = "nowhere";

    /// <summary>The point.</summary>
    public string At => at;

    /// <summary>Determines whether a process of the trial in a folder was killed.</summary>
    public static bool HasKilled(string folder) => File.Exists(MarkIn(folder));

    /// <summary>Passes a point.</summary>
    public void Pass(string point)
    {
        string mark = MarkIn(folder);
        if (point == at && !File.Exists(mark))
        {
            Disk.Append(mark, point);
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private static string MarkIn(string folder) => Path.Combine(folder, "killed");
}
