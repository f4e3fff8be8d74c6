// What a model predicts: how columns become targets, and outputs their columns again; stored in the model.

/** One class a row: label i is output i. */
export interface ClassTargetEncoding {
  readonly kind: "class";
  readonly column: string;
  readonly element: "text" | "number"; // what the column held
  readonly classes: readonly string[]; // text by code unit, numbers by value
  /** Of two classes: the probability, above 0 and below 1, from which on the second is predicted. Absent: the most probable is. */
  readonly threshold?: number;
}

/** A column of numbers to be predicted: (value − mean)/sd inside, reported in its own unit. */
export interface NumberTargetColumn {
  readonly column: string;
  readonly mean: number;
  readonly sd: number;
}

/** Numbers: column i is output i. */
export interface NumberTargetEncoding {
  readonly kind: "number";
  readonly columns: readonly NumberTargetColumn[]; // one or more
}

/** Labels of which a row has any number: the logit of label i is output i. */
export interface LabelsTargetEncoding {
  readonly kind: "labels";
  /** Names of columns of 0 and 1 in the order given; or the labels of the list, by code unit. */
  readonly labels: readonly string[];
  /** The text column that lists the labels of a row, and what separates them; null when each label is a column. */
  readonly list: { readonly column: string; readonly separator: string } | null;
}

/** What the model predicts. */
export type TargetEncoding = ClassTargetEncoding | NumberTargetEncoding | LabelsTargetEncoding;

/** The columns that are predicted. */
export function targetColumns(target: TargetEncoding): readonly string[] {
  switch (target.kind) {
    case "class":
      return [target.column];
    case "number":
      return target.columns.map(({ column }) => column);
    case "labels":
      return target.list === null ? target.labels : [target.list.column];
  }
}

/** Outputs that a model for this target has. */
export function targetWidth({ target }: { readonly target: TargetEncoding }): number {
  switch (target.kind) {
    case "class":
      return target.classes.length;
    case "number":
      return target.columns.length;
    case "labels":
      return target.labels.length;
  }
}

/**
 * The target's scale: errors in its own unit are the model's times this. 1 for several numbers, whose scores together
 * are in standard deviations, as their units differ.
 */
export function targetUnit({ target }: { readonly target: TargetEncoding }): number {
  return target.kind === "number" && target.columns.length === 1 ? (target.columns[0]?.sd ?? 1) : 1;
}
