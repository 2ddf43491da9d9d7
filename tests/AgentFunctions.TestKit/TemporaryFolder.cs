using System.Collections.Concurrent;

namespace AgentFunctions.TestKit;

/// <summary>
/// A real folder that goes when it is disposed of, and at the end of the process at the latest: the only place where tests make
/// temporary folders.
/// </summary>
public sealed class TemporaryFolder : IDisposable
{
    private static readonly ConcurrentDictionary<string, TemporaryFolder> There = [];

    /// <summary>Makes a folder.</summary>
    public TemporaryFolder() => There[Path] = this;

    /// <summary>Gets the folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("agentfunctions-").FullName;

    /// <summary>Removes all folders of this process that are still there.</summary>
    public static void RemoveAll()
    {
        foreach (TemporaryFolder folder in There.Values)
        {
            folder.Dispose();
        }
    }

    /// <summary>Makes a folder within.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its path.</returns>
    public string Folder(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    /// <summary>Gets the path that a file within has or would have.</summary>
    /// <param name="name">Its name.</param>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file within.</summary>
    /// <param name="name">Its name; folders on the way are made.</param>
    /// <param name="content">What it holds.</param>
    /// <returns>Its path.</returns>
    public string Write(string name, string content)
    {
        string path = File(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Reads a file within.</summary>
    /// <param name="name">Its name.</param>
    public string Read(string name) => System.IO.File.ReadAllText(File(name));

    /// <inheritdoc/>
    public void Dispose()
    {
        There.TryRemove(Path, out _);
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
