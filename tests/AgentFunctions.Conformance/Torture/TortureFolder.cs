using System.Globalization;
using System.Text;

namespace AgentFunctions.Conformance.Torture;

/// <summary>
/// The files of one torture: the data file, and beside it what the tortured process was told and did. Those lines survive
/// a kill, because the operating system has them once they are written.
/// </summary>
/// <param name="path">The folder.</param>
internal sealed class TortureFolder(string path)
{
    private readonly Lock _gate = new();

    public string DataFile => Path.Combine(path, "engine.db");

    /// <summary>One line for each call that returned.</summary>
    private string Acknowledged => Path.Combine(path, "acknowledged.log");

    /// <summary>One line for each effect.</summary>
    private string Effects => Path.Combine(path, "effects.log");

    public void Acknowledge(Acknowledgement what, int run, string detail = "") =>
        Append(Acknowledged, string.Create(CultureInfo.InvariantCulture, $"{what} {run} {detail}"));

    public void Effect(string key) => Append(Effects, key);

    public IEnumerable<(Acknowledgement What, int Run, string Detail)> ReadAcknowledged()
    {
        foreach (string line in Lines(Acknowledged))
        {
            string[] parts = line.Split(' ', 3);
            yield return (Enum.Parse<Acknowledgement>(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture), parts[2]);
        }
    }

    public IEnumerable<string> ReadEffects() => Lines(Effects);

    private void Append(string file, string line)
    {
        lock (_gate)
        {
            using FileStream stream = new(file, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
    }

    // A kill in the middle of a line leaves it without an end: nobody was told then.
    private static IEnumerable<string> Lines(string file)
    {
        string text = File.Exists(file) ? File.ReadAllText(file) : "";
        return text.Split('\n')[..^1];
    }
}

/// <summary>What a call's return has promised.</summary>
internal enum Acknowledgement
{
    /// <summary>The run is scheduled.</summary>
    Scheduled,

    /// <summary>An event has been raised; the detail is its number.</summary>
    Raised,

    /// <summary>The run has ended; the detail is its output.</summary>
    Ended,

    /// <summary>The run has been purged.</summary>
    Purged,
}
