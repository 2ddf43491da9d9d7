namespace AgentFunctions.Storage;

/// <summary>Provides groups for stores that commit each write by itself: nothing is held back.</summary>
internal sealed class SeparateWrites : IWriteGroups, IDisposable
{
    public IDisposable Begin() => this;

    public void Dispose()
    {
    }
}
