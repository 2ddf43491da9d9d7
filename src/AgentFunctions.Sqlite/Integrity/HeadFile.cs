using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Storage;

namespace AgentFunctions.Sqlite.Integrity;

/// <summary>The head of one data file, which lies beside the host's keys.</summary>
internal sealed class HeadFile : IDisposable
{
    private const string Prefix = "data-";

    private readonly FileHeadStore _heads;
    private readonly string _dataFile;
    private readonly string _name;

    /// <param name="dataFile">The data file.</param>
    /// <param name="keyFolder">The folder of the host's keys.</param>
    public HeadFile(string dataFile, string keyFolder)
    {
        _heads = new FileHeadStore(keyFolder);
        _dataFile = dataFile;
        _name = NameOf(Path.GetFullPath(dataFile), Path.GetFullPath(keyFolder));
    }

    /// <summary>Gets where it is.</summary>
    public string Place => _heads.PathOf(_name);

    /// <summary>The folder of keys of a data file whose options are not known: <c>keys</c> beside it, or its own.</summary>
    /// <param name="dataFile">The data file.</param>
    public static string FindKeyFolder(string dataFile)
    {
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(dataFile))!, "keys");
        using var head = new HeadFile(dataFile, beside);
        return File.Exists(head.Place) ? beside : dataFile + ".keys";
    }

    /// <summary>
    /// What is wrong with the data file by its head; <see langword="null"/> if nothing is, or no head was kept.
    /// </summary>
    /// <remarks>The head is read first: an engine that runs on the file only moves it on.</remarks>
    public string? FindProblem()
    {
        if (_heads.Read(_name) is not { } head)
        {
            return null;
        }

        if (new FileInfo(_dataFile) is not { Exists: true, Length: > 0 } file)
        {
            return $"it is {(File.Exists(_dataFile) ? "empty" : "gone")}, and {head.Count:N0} commits are on record";
        }

        using Connection connection = Connection.Open(_dataFile, readOnly: true);
        return Schema.Verify(connection, _dataFile) == 0 || HeadTable.Read(connection) is not { } found
            || found.Epoch != head.Epoch
            ? $"it is another file than the one of {head.Count:N0} commits that is on record"
            : found.Count < head.Count
            ? $"it ends with commit {found.Count:N0}, and {head.Count:N0} are on record: its log (-wal) was damaged, cut or lost, or the file is an old copy"
            : HeadTable.HasStart(connection, head.Chain)
            ? null
            : "it is a copy that went on elsewhere: the last start on record is not in it";
    }

    /// <summary>Refuses a data file that has lost something.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>.</exception>
    public void Ensure()
    {
        if (FindProblem() is { } problem)
        {
            throw new AgentException(
                ErrorCode.DataFileUnusable,
                $"The data file '{_dataFile}' has lost something: {problem}. Restore it, with its -wal, from a copy; or go on with what is left: "
                + $"'agentfunctions engine accept {_dataFile}'.");
        }
    }

    /// <summary>Puts the head on record.</summary>
    /// <param name="head">The head; its commits are on the disk.</param>
    /// <param name="flush">Whether it shall survive a loss of power at once.</param>
    public void Write(Head head, bool flush = false) => _heads.Write(_name, head, flush);

    /// <summary>
    /// Forgets the head, and those of what lies in the file, such as the audit log's. Other data files keep theirs.
    /// </summary>
    public void Remove()
    {
        if (Path.GetDirectoryName(Place) is { } folder && Directory.Exists(folder))
        {
            foreach (string head in Directory.GetFiles(folder, "*.head"))
            {
                if (head == Place || !Path.GetFileName(head).StartsWith(Prefix, StringComparison.Ordinal))
                {
                    File.Delete(head);
                }
            }
        }
    }

    public void Dispose() => _heads.Dispose();

    // By where the file lies from the keys, so that both can be moved together.
    private static string NameOf(string dataFile, string keyFolder)
    {
        string way = Path.GetRelativePath(keyFolder, dataFile).Replace('\\', '/');
        string name = string.Concat(Path.GetFileName(dataFile)
            .Where(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'));
        return $"{Prefix}{(name.Length <= 60 ? name : name[..60])}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(way)))[..8]}";
    }
}
