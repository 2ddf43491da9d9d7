namespace AgentFunctions.Keys;

/// <summary>Keeps the wrapped keys of run trees as files beside the signing keys: <c>trees/3f/ROOT.key</c>.</summary>
internal sealed class FolderTreeKeyStore(string folder) : ITreeKeyStore
{
    public bool IsShared => false;

    public Task<byte[]?> FindAsync(string root, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Read(PathOf(root)));

        // A few dozen bytes: read in place, a wait would cost more than they do.
        static byte[]? Read(string path)
        {
            try
            {
                return File.ReadAllBytes(path);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
        }
    }

    public Task<bool> TryAddAsync(string root, byte[] wrapped, CancellationToken cancellationToken = default)
    {
        string path = PathOf(root);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // Written aside and moved: a reader never finds half a key.
        string draft = Path.Combine(Path.GetDirectoryName(path)!, $".{Guid.NewGuid():N}");
        using (var file = new FileStream(draft, options))
        {
            file.Write(wrapped);
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(draft, path, overwrite: false);
            return Task.FromResult(true);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
            return Task.FromResult(false);
        }
    }

    public async Task DestroyAsync(string root, CancellationToken cancellationToken = default)
    {
        await TryAddAsync(root, [], cancellationToken).ConfigureAwait(false);
        // In place: a file that is put instead of another leaves the other's bytes on the disk.
        var file = new FileStream(PathOf(root), FileMode.Open, FileAccess.Write, FileShare.Read);
        await using (file.ConfigureAwait(false))
        {
            await file.WriteAsync(new byte[file.Length], cancellationToken).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
            file.SetLength(0);
            file.Flush(flushToDisk: true);
        }
    }

    private string PathOf(string root) => Path.Combine(folder, "trees", TreeKeys.Shard(root), $"{root}.key");
}
