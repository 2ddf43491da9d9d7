namespace AgentFunctions.Sqlite.Database;

/// <summary>Holds a data file for one process. The operating system lets go when the process dies, however it dies.</summary>
internal sealed class DataFileLock : IDisposable
{
    private readonly FileStream _stream;

    private DataFileLock(FileStream stream) => _stream = stream;

    /// <summary>Determines whether an engine has had a data file open where it lies: its lock stays beside it.</summary>
    /// <param name="dataFile">The data file.</param>
    public static bool IsBeside(string dataFile) => File.Exists(dataFile + ".lock");

    /// <summary>Takes the lock beside a data file.</summary>
    /// <param name="dataFile">The data file.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileInUse"/>: another process has it.
    /// <see cref="ErrorCode.EngineUnavailable"/>: the folder cannot be written.
    /// </exception>
    public static DataFileLock Take(string dataFile)
    {
        string path = dataFile + ".lock";
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            return new DataFileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException error)
        {
            throw new AgentException(
                ErrorCode.EngineUnavailable, $"The data file '{dataFile}' cannot be written: {error.Message}", error);
        }
        catch (IOException error) when (IsHeldByAnother(error))
        {
            throw new AgentException(
                ErrorCode.DataFileInUse,
                $"The data file '{dataFile}' is in use by {OwnerOf(dataFile)}; stop it, or choose another data file.",
                error);
        }
        catch (IOException error)
        {
            throw new AgentException(
                ErrorCode.EngineUnavailable, $"The data file '{dataFile}' cannot be opened: {error.Message}", error);
        }
    }

    public void Dispose() => _stream.Dispose();

    // What the runtime reports for a lock that another holds: EWOULDBLOCK on Linux and on macOS, a sharing violation on Windows.
    private static bool IsHeldByAnother(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static string OwnerOf(string dataFile)
    {
        try
        {
            using Connection reader = Connection.Open(dataFile, readOnly: true);
            long process = reader.Scalar("SELECT process FROM owner");
            return process == 0 ? "another process" : $"process {process}";
        }
        catch (DatabaseException)
        {
            return "another process";
        }
    }
}
