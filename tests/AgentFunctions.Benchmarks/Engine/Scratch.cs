using AgentFunctions.Sqlite;

namespace AgentFunctions.Benchmarks.Engine;

/// <summary>Where the data files of one run are; they go with it.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly string _folder;
    private readonly bool _isInMemory;
    private int _files;

    public Scratch(string parent, bool isInMemory)
    {
        _isInMemory = isInMemory;
        _folder = Path.Combine(parent, $"agentfunctions-benchmark-{Environment.ProcessId}");
        Directory.CreateDirectory(_folder);
    }

    /// <summary>A data file that does not exist yet, or memory.</summary>
    public string NewDataFile() => _isInMemory ? SqliteEngineOptions.InMemory : NewFile();

    /// <summary>A file that does not exist yet.</summary>
    public string NewFile() => Path.Combine(_folder, $"{++_files}.db");

    /// <summary>A folder that no data file lies in.</summary>
    public string NewFolder() => Directory.CreateDirectory($"{_folder}-folders/{++_files}").FullName;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        if (Directory.Exists($"{_folder}-folders"))
        {
            Directory.Delete($"{_folder}-folders", recursive: true);
        }
    }
}
