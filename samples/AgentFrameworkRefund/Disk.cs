using System.Text;

namespace AgentFrameworkRefund;

/// <summary>Writes so that a kill loses nothing.</summary>
internal static class Disk
{
    /// <summary>Adds a line to a file.</summary>
    public static void Append(string file, string line)
    {
        using var stream = new FileStream(file, FileMode.Append, FileAccess.Write);
        stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Puts a text in place of a file: a kill leaves the one or the other, whole.</summary>
    public static void Replace(string file, string text)
    {
        string side = file + ".new";
        File.Delete(side);
        Append(side, text);
        File.Move(side, file, overwrite: true);
    }
}
