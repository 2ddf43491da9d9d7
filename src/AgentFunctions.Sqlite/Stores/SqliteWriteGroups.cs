using AgentFunctions.Storage;

namespace AgentFunctions.Sqlite.Stores;

/// <summary>Writes of several stores in one commit of the engine.</summary>
/// <param name="owner">The engine.</param>
internal sealed class SqliteWriteGroups(SqliteEngine owner) : IWriteGroups
{
    public IDisposable Begin() => owner.Core.Writer.BeginGroup();
}
