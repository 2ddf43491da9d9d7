namespace AgentFunctions.Core.JsonSchemas;

/// <summary>The members and items of one value that some part of a schema has looked at.</summary>
/// <param name="isTracking">Whether anybody will ask.</param>
internal sealed class SchemaCoverage(bool isTracking)
{
    private HashSet<string>? _members;
    private HashSet<int>? _items;

    /// <summary>Notes a member.</summary>
    public void Member(string name)
    {
        if (isTracking)
        {
            (_members ??= new(StringComparer.Ordinal)).Add(name);
        }
    }

    /// <summary>Notes an item.</summary>
    public void Item(int index)
    {
        if (isTracking)
        {
            (_items ??= []).Add(index);
        }
    }

    /// <summary>Notes what another part has looked at in the same value.</summary>
    public void Add(SchemaCoverage other)
    {
        if (isTracking && other._members is { } members)
        {
            (_members ??= new(StringComparer.Ordinal)).UnionWith(members);
        }

        if (isTracking && other._items is { } items)
        {
            (_items ??= []).UnionWith(items);
        }
    }

    /// <summary>Whether a member was looked at.</summary>
    public bool Has(string member) => _members?.Contains(member) == true;

    /// <summary>Whether an item was looked at.</summary>
    public bool Has(int item) => _items?.Contains(item) == true;
}
