using AgentFunctions.Keys;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>
/// Keeps sealed sign-ins as files beside the host's keys, so that the program can sign in while a server runs on the data.
/// </summary>
internal sealed class FolderSignIns(string folder) : ISignInBacking
{
    public async Task<byte[]?> FindAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(PathOf(name), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public Task PutAsync(string name, byte[] value, CancellationToken cancellationToken)
    {
        PrivateFile.Replace(PathOf(name), value);
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        if (File.Exists(PathOf(name)))
        {
            File.Delete(PathOf(name));
        }

        return Task.CompletedTask;
    }

    private string PathOf(string name) => Path.Combine(folder, "sign-ins", $"{name}.sealed");
}
