using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace AgentFunctions.Tests.Architecture;

/// <summary>
/// Reads from signatures and handles which types they name: a nested type counts as the outermost that contains it.
/// </summary>
internal sealed class NamesInSignature(MetadataReader metadata) : ISignatureTypeProvider<ImmutableHashSet<string>, object?>
{
    private static readonly ImmutableHashSet<string> None = [];

    public static string NameOf(MetadataReader metadata, TypeDefinition type) =>
        $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";

    public static IEnumerable<string> Flat(MethodSignature<ImmutableHashSet<string>> signature) =>
        signature.ParameterTypes.SelectMany(static names => names).Concat(signature.ReturnType);

    public ImmutableHashSet<string> Of(EntityHandle handle) => handle.IsNil ? None : handle.Kind switch
    {
        HandleKind.TypeDefinition => OfDefinition((TypeDefinitionHandle)handle),
        HandleKind.TypeReference => OfReference((TypeReferenceHandle)handle),
        HandleKind.TypeSpecification =>
            metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null),
        HandleKind.FieldDefinition => OfDefinition(metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()),
        HandleKind.MethodDefinition =>
            OfDefinition(metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType()),
        HandleKind.MethodSpecification => OfMethod(metadata.GetMethodSpecification((MethodSpecificationHandle)handle)),
        HandleKind.MemberReference => OfMember(metadata.GetMemberReference((MemberReferenceHandle)handle)),
        _ => None,
    };

    public ImmutableHashSet<string> GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        OfDefinition(handle);

    public ImmutableHashSet<string> GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
        OfReference(handle);

    public ImmutableHashSet<string> GetTypeFromSpecification(
        MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => Of(handle);

    public ImmutableHashSet<string> GetGenericInstantiation(
        ImmutableHashSet<string> genericType, ImmutableArray<ImmutableHashSet<string>> typeArguments) =>
        typeArguments.Aggregate(genericType, static (all, names) => all.Union(names));

    public ImmutableHashSet<string> GetFunctionPointerType(MethodSignature<ImmutableHashSet<string>> signature) =>
        [.. Flat(signature)];

    public ImmutableHashSet<string> GetModifiedType(ImmutableHashSet<string> modifier, ImmutableHashSet<string> unmodifiedType,
        bool isRequired) =>
        unmodifiedType.Union(modifier);

    public ImmutableHashSet<string> GetArrayType(ImmutableHashSet<string> elementType, ArrayShape shape) => elementType;

    public ImmutableHashSet<string> GetByReferenceType(ImmutableHashSet<string> elementType) => elementType;

    public ImmutableHashSet<string> GetPinnedType(ImmutableHashSet<string> elementType) => elementType;

    public ImmutableHashSet<string> GetPointerType(ImmutableHashSet<string> elementType) => elementType;

    public ImmutableHashSet<string> GetSZArrayType(ImmutableHashSet<string> elementType) => elementType;

    public ImmutableHashSet<string> GetGenericMethodParameter(object? genericContext, int index) => None;

    public ImmutableHashSet<string> GetGenericTypeParameter(object? genericContext, int index) => None;

    public ImmutableHashSet<string> GetPrimitiveType(PrimitiveTypeCode typeCode) => None;

    private ImmutableHashSet<string> OfDefinition(TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        return type.GetDeclaringType().IsNil ? [NameOf(metadata, type)] : OfDefinition(type.GetDeclaringType());
    }

    private ImmutableHashSet<string> OfReference(TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? OfReference((TypeReferenceHandle)type.ResolutionScope)
            : [$"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}"];
    }

    private ImmutableHashSet<string> OfMethod(MethodSpecification method) =>
        method.DecodeSignature(this, null).Aggregate(Of(method.Method), static (all, names) => all.Union(names));

    private ImmutableHashSet<string> OfMember(MemberReference member) => Of(member.Parent).Union(
        member.GetKind() == MemberReferenceKind.Field
            ? member.DecodeFieldSignature(this, null)
            : Flat(member.DecodeMethodSignature(this, null)));
}
