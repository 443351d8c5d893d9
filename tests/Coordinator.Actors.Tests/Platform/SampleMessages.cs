using System.Collections.Immutable;

namespace Coordinator.Actors.Tests.Platform;

/// <summary>Builds a message of any allowed shape with values that are not the default, so that a field which does not travel is seen.</summary>
static class SampleMessages
{
    public static object Of(Type type) => Value(type, type.Name);

    private static object Value(Type type, string name) => type switch
    {
        _ when type == typeof(string) => $"{name} ü ✓ \0",
        _ when type == typeof(bool) => true,
        _ when type == typeof(char) => 'ß',
        _ when type == typeof(Guid) => new Guid("c0ffee00-1234-5678-9abc-def012345678"),
        _ when type == typeof(DateTime) => new DateTime(2026, 11, 22, 1, 2, 3, 456, DateTimeKind.Utc),
        _ when type == typeof(DateTimeOffset) => new DateTimeOffset(2026, 11, 22, 1, 2, 3, 456, TimeSpan.FromMinutes(-330)),
        _ when type == typeof(TimeSpan) => TimeSpan.FromMicroseconds(-1234567),
        _ when type == typeof(decimal) => -79228162514264337593543950335m,
        { IsPrimitive: true } => Convert.ChangeType(type.GetField("MaxValue")!.GetValue(null)!, type),
        { IsEnum: true } => Enum.GetValues(type).Cast<object>().Last(),
        { IsSZArray: true } => Items(type.GetElementType()!, name),
        _ when IsOf(type, typeof(Nullable<>)) => Value(type.GetGenericArguments()[0], name),
        _ when IsOf(type, typeof(ImmutableArray<>)) => ImmutableItems(type.GetGenericArguments()[0], name),
        _ => Construct(type),
    };

    private static bool IsOf(Type type, Type definition) => type.IsConstructedGenericType && type.GetGenericTypeDefinition() == definition;

    private static Array Items(Type element, string name)
    {
        var items = Array.CreateInstance(element, 3);
        for (var index = 0; index < items.Length; index++)
        {
            items.SetValue(Value(element, $"{name}[{index}]"), index);
        }

        return items;
    }

    private static object ImmutableItems(Type element, string name) =>
        typeof(ImmutableArray).GetMethods()
            .Single(method => method.Name == nameof(ImmutableArray.Create) && method.GetParameters() is [{ ParameterType.IsSZArray: true }])
            .MakeGenericMethod(element)
            .Invoke(null, [Items(element, name)])!;

    private static object Construct(Type type)
    {
        var constructor = type.GetConstructors().OrderByDescending(constructor => constructor.GetParameters().Length).First();
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter => Value(parameter.ParameterType, parameter.Name!))]);
    }
}
