using AgentFunctions.Governance.Secrets;

namespace AgentFunctions.Extensions;

/// <summary>
/// A source of secrets of one's own: a mounted folder with one file each, as orchestrators of containers provide it.
/// </summary>
internal sealed class FolderSecrets(string folder) : ISecretSource
{
    public string Name => folder;

    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        string path = Path.Combine(folder, Path.GetFileName(name));
        return File.Exists(path) ? (await File.ReadAllTextAsync(path, cancellationToken)).TrimEnd() : null;
    }
}
